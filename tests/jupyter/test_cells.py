"""What cells can be besides Rhai, what completion knows, files, and notebooks without Jupyter."""

import json
import subprocess

import nbformat
import pytest
from conftest import TIMEOUT, Session, text_of


def displays(messages, kind="display_data"):
    return [m["content"] for m in messages if m["msg_type"] == kind]


def test_completion_is_typed_and_documented(kernel):
    kernel.run('let bucket = s3.create_bucket("payroll-data"); bucket.put("q1.csv", "x");')
    code = "kms.create_grant(#{ Grant"
    reply = kernel.reply_to(kernel.client.complete(code, len(code)))["content"]
    [typed] = [
        t
        for t in reply["metadata"]["_jupyter_types_experimental"]
        if t["text"] == "GranteePrincipal"
    ]
    assert typed["type"] == "member" and typed["signature"] == "string, required"
    assert typed["documentation"]
    for code, match in (
        ('bucket.get("q', "q1.csv"),
        ('s3.get_object("payroll-data/', "payroll-data/q1.csv"),
        ('f("arn:aws:s3:::pay', "arn:aws:s3:::payroll-data"),
        ('let p = #{ Action: "kms:Gen', "kms:GenerateDataKey"),
    ):
        reply = kernel.reply_to(kernel.client.complete(code, len(code)))["content"]
        assert match in reply["matches"], code


def test_inspection_has_signature_text_and_example(kernel):
    kernel.run("let answer = 42;")
    for code, told in (
        ("kms.create_grant", ["create_grant(", "GranteePrincipal", "```rhai"]),
        ("answer", ["answer: int", "42"]),
    ):
        found = kernel.reply_to(kernel.client.inspect(code, len(code)))["content"]
        text = found["data"]["text/plain"]
        assert found["found"] and all(part in text for part in told), text


def test_a_question_opens_the_pager(kernel):
    reply, messages = kernel.run("kms.create_grant?")
    assert reply["status"] == "ok" and not displays(messages)
    [page] = reply["payload"]
    assert page["source"] == "page" and "GranteePrincipal" in page["data"]["text/plain"]


def test_json_errors_name_the_line(kernel):
    reply, _ = kernel.run('%%json a\n{\n  "b": 1,,\n}')
    assert reply["status"] == "error" and "In[1]:3:" in "\n".join(reply["traceback"])
    statement = '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}'
    kernel.run('%%policy p\n{"Version": "2012-10-17", "Statement": [' + statement + "]}")
    assert kernel.value("p.Version") == '"2012-10-17"'


def test_unknown_magics_suggest_the_nearest(kernel):
    reply, _ = kernel.run("%tme")
    assert reply["status"] == "error" and "%time" in "\n".join(reply["traceback"])


def test_a_reset_keeps_the_kernel(kernel):
    kernel.run('let gone = 1; s3.create_bucket("b");')
    assert kernel.run("%reset")[0]["status"] == "ok"
    assert kernel.run("gone")[0]["status"] == "error"
    assert kernel.value("s3.buckets().len()") == "0"


def test_bars_and_named_displays_are_replaced_in_place(kernel):
    _, messages = kernel.run('for n in progress([1, 2, 3], "adding") { sleep(0.15) }')
    [first] = displays(messages)
    updates = displays(messages, "update_display_data")
    names = {d["transient"]["display_id"] for d in [first, *updates]}
    assert len(names) == 1 and updates
    assert "(3/3)" in updates[-1]["data"]["text/plain"]
    _, messages = kernel.run('display(1, "a"); update_display(2, "a");')
    assert displays(messages)[0]["transient"] == {"display_id": "a"}
    assert displays(messages, "update_display_data")[0]["data"]["text/plain"] == "2"


def test_a_password_is_asked_for_as_one(kernel):
    msg_id = kernel.client.execute('password("secret? ").len()', allow_stdin=True)
    question = kernel.client.get_stdin_msg(timeout=TIMEOUT)
    assert question["content"] == {"prompt": "secret? ", "password": True}
    kernel.client.input("horse")
    assert kernel.reply_to(msg_id)["content"]["status"] == "ok"


def test_history_reaches_over_sessions():
    mark = "1 + 41 // in an earlier session"
    first = Session()
    first.run(mark)
    first.close()
    second = Session()
    second.run("2")
    query = {"hist_access_type": "search", "pattern": "1 + 41*", "output": False, "raw": True}
    message = second.client.session.msg("history_request", query)
    second.client.shell_channel.send(message)
    found = second.reply_to(message["header"]["msg_id"])["content"]["history"]
    second.close()
    assert [entry[2] for entry in found] == [mark]


def test_a_notebook_reaches_the_folders_that_it_was_given(tmp_path):
    (tmp_path / "in.csv").write_text("id,amount\n")
    folders = ["--allow-read", str(tmp_path), "--allow-write", str(tmp_path)]
    session = Session()
    refused, _ = session.run(f'lab.save("{tmp_path}/a.lab")')
    session.close()
    assert "--allow-write" in "\n".join(refused["traceback"])
    session = Session([*folders, "--data", str(tmp_path / "bodies")])
    reply, _ = session.run(
        f'let b = s3.create_bucket("data"); b.upload_file("k", "{tmp_path}/in.csv");'
        f'b.object("k").download_file("{tmp_path}/out.csv");'
    )
    session.close()
    assert reply["status"] == "ok", reply
    assert (tmp_path / "out.csv").read_text() == "id,amount\n"
    assert list((tmp_path / "bodies").rglob("*k*"))


def test_a_cell_that_allocates_without_end_is_stopped(kernel):
    kernel.run("let kept = 7;")
    for code in (
        'let s = "x"; loop { s += s; }',
        "let a = []; loop { a.push(a); }",
        "let b = blob(8); loop { b += b; }",
    ):
        reply, _ = kernel.run(code)
        assert reply["status"] == "error", code
    assert kernel.value("kept") == "7"


@pytest.mark.parametrize("work", ["failure_matrix()", 'let b = s3.create_bucket("x"); loop { b.put("k", "v") }'])
def test_native_work_is_interrupted_and_state_kept(kernel, work):
    kernel.run("let kept = 7;")
    msg_id = kernel.client.execute(f"loop {{ {work} }}")
    kernel.client.get_iopub_msg(timeout=TIMEOUT)
    kernel.manager.interrupt_kernel()
    assert kernel.reply_to(msg_id)["content"]["status"] == "error"
    assert kernel.value("kept") == "7"


def notebook(path, *cells):
    made = [nbformat.v4.new_code_cell(code, metadata={"tags": tags}) for code, tags in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def run(keychai, *arguments):
    command = [keychai, "run", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_parameters_work_without_jupyter(keychai, tmp_path):
    source = notebook(
        tmp_path / "in.ipynb",
        ("let n = 1; let name = \"a\";", ["parameters"]),
        ("print(name); display(failure_matrix()); n + 1", []),
    )
    out = tmp_path / "out.ipynb"
    done = run(keychai, source, "-p", "n", "41", "-p", "name", "Ada", "--output", out)
    assert done.returncode == 0, done.stderr
    written = nbformat.read(out, as_version=4)
    nbformat.validate(written)
    assert written.nbformat_minor == 5
    assert written.cells[1].metadata.tags == ["injected-parameters"]
    last = written.cells[2]
    assert last.outputs[0].text == "Ada\n"
    assert last.outputs[-1].data["text/plain"] == "42"
    assert len(nbformat.read(source, as_version=4).cells) == 2


def test_a_failing_cell_ends_the_run_and_is_written(keychai, tmp_path):
    source = notebook(
        tmp_path / "in.ipynb",
        ('throw "may"', ["raises-exception"]), ('throw "wrong"', []), ("1", []),
    )
    out = tmp_path / "out.ipynb"
    done = run(keychai, source, "--output", out)
    assert done.returncode == 1 and "wrong" in done.stderr
    written = nbformat.read(out, as_version=4)
    nbformat.validate(written)
    kinds = [[o.output_type for o in cell.outputs] for cell in written.cells]
    assert kinds == [["error"], ["error"], []]


def test_what_is_no_notebook_is_told(keychai, tmp_path):
    for content, told in ((b"\xff\xfe", "UTF-8"), (b"[]", "no notebook"), (b"{}", "cells")):
        path = tmp_path / "bad.ipynb"
        path.write_bytes(content)
        done = run(keychai, path)
        assert done.returncode == 2 and told in done.stderr, done.stderr


def test_the_kernel_is_uninstalled(keychai, tmp_path):
    place = ["--prefix", str(tmp_path)]
    subprocess.run([keychai, "kernel", "install", *place, "--allow-read", str(tmp_path)], check=True)
    spec = tmp_path / "share/jupyter/kernels/keychai"
    argv = json.loads((spec / "kernel.json").read_text())["argv"]
    assert argv[-2:] == ["--allow-read", str(tmp_path.resolve())]
    subprocess.run([keychai, "kernel", "uninstall", *place], check=True)
    assert not spec.exists()
    again = subprocess.run([keychai, "kernel", "uninstall", *place], capture_output=True, text=True)
    assert again.returncode == 1 and "not installed" in again.stderr

"""What clients rely on beyond the standard conformance tests."""

import json
import os
import signal
import subprocess
import sys
import time

import nbclient
import nbformat
import pytest
import zmq
from conftest import TIMEOUT, Session, text_of
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.session import Session as Signer


def states(messages):
    return [m["content"]["execution_state"] for m in messages if m["msg_type"] == "status"]


def kinds(messages):
    return [m["msg_type"] for m in messages]


def test_kernel_info_names_the_language(kernel):
    reply = kernel.reply_to(kernel.client.kernel_info())["content"]
    assert reply["status"] == "ok"
    info = reply["language_info"]
    assert (info["name"], info["file_extension"]) == ("rhai", ".rhai")
    assert info["codemirror_mode"] == "javascript"


def test_a_value_comes_between_busy_and_idle(kernel):
    reply, messages = kernel.run("6 * 7")
    assert reply["status"] == "ok"
    assert reply["user_expressions"] == {} and reply["payload"] == []
    assert kinds(messages) == ["status", "execute_input", "execute_result", "status"]
    assert states(messages) == ["busy", "idle"]
    result = messages[2]["content"]
    assert result["data"]["text/plain"] == "42"
    assert result["execution_count"] == reply["execution_count"]
    assert result["metadata"] == {} and result.get("transient", {}) == {}


def test_print_goes_to_stdout_in_order_with_display(kernel):
    reply, messages = kernel.run('print("a"); display(1); print("b");')
    assert reply["status"] == "ok"
    assert kinds(messages)[2:-1] == ["stream", "display_data", "stream"]
    assert text_of(messages) == "a\nb\n"


def test_an_error_is_reported_twice_and_alike(kernel):
    reply, messages = kernel.run('throw "wrong"')
    [error] = [m["content"] for m in messages if m["msg_type"] == "error"]
    assert reply["status"] == "error"
    for member in ("ename", "evalue", "traceback"):
        assert reply[member] == error[member]
    assert error["traceback"] and "wrong" in "\n".join(error["traceback"])
    assert states(messages) == ["busy", "idle"]


def test_state_is_kept_over_cells_and_errors(kernel):
    kernel.run("let x = 40; fn plus_two(a) { a + 2 }")
    kernel.run('throw "wrong"')
    assert kernel.value("plus_two(x)") == "42"


def test_cells_count_only_if_they_are_stored(kernel):
    first, _ = kernel.run("1")
    kernel.run("2", store_history=False)
    kernel.run("3", silent=True)
    second, _ = kernel.run("4")
    assert second["execution_count"] == first["execution_count"] + 1
    reply = kernel.reply_to(kernel.client.history(hist_access_type="tail", n=2))["content"]
    assert [entry[2] for entry in reply["history"]] == ["1", "4"]


def test_a_silent_cell_shows_nothing(kernel):
    reply, messages = kernel.run('print("x"); 1', silent=True)
    assert reply["status"] == "ok"
    assert kinds(messages) == ["status", "status"]


def test_an_error_aborts_the_cells_sent_with_it(kernel):
    ids = [kernel.client.execute(c) for c in ("1", 'throw "wrong"', "let y = 1", "y", "3")]
    contents = [kernel.reply_to(msg_id)["content"] for msg_id in ids]
    assert [c["status"] for c in contents] == ["ok", "error"] + ["aborted"] * 3
    assert contents[2] == {"status": "aborted"}
    for msg_id in ids:
        assert states(kernel.broadcasts(msg_id)) == ["busy", "idle"]
    assert kernel.value("40 + 2") == "42"


def test_cells_that_trickle_in_after_an_error_are_aborted(kernel):
    ids = [kernel.client.execute('throw "wrong"')]
    for number in range(8):
        time.sleep(0.04)
        ids.append(kernel.client.execute(f"{number}"))
    statuses = [kernel.reply_to(msg_id)["content"]["status"] for msg_id in ids]
    assert statuses == ["error"] + ["aborted"] * 8


def test_cells_made_before_the_error_report_are_aborted_however_late(kernel):
    client = kernel.client
    late = client.session.msg("execute_request", {"code": "1", "silent": False})
    failing = client.execute('throw "wrong"')
    assert kernel.reply_to(failing)["content"]["status"] == "error"
    time.sleep(0.5)
    client.shell_channel.send(late)
    assert kernel.reply_to(late["header"]["msg_id"])["content"] == {"status": "aborted"}


def test_a_client_that_waits_for_the_error_goes_on(kernel):
    for _ in range(5):
        reply, _ = kernel.run('throw "wrong"')
        assert reply["status"] == "error"
        assert kernel.value("1 + 1") == "2"


def test_without_stop_on_error_the_queue_goes_on(kernel):
    ids = [kernel.client.execute('throw "wrong"', stop_on_error=False), kernel.client.execute("1")]
    statuses = [kernel.reply_to(msg_id)["content"]["status"] for msg_id in ids]
    assert statuses == ["error", "ok"]


def wait_until_busy(kernel, msg_id):
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if (
            message["parent_header"].get("msg_id") == msg_id
            and message["msg_type"] == "execute_input"
        ):
            return


def test_an_interrupt_stops_an_endless_cell_and_keeps_state(kernel):
    kernel.run("let kept = 7;")
    msg_id = kernel.client.execute("kept += 1; loop { }")
    wait_until_busy(kernel, msg_id)
    queued = kernel.client.execute("1")
    time.sleep(0.05)
    kernel.manager.interrupt_kernel()
    assert kernel.reply_to(msg_id)["content"]["status"] == "error"
    assert kernel.reply_to(queued)["content"] == {"status": "aborted"}
    assert kernel.value("kept") == "8"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_interrupts_as_well(kernel):
    msg_id = kernel.client.execute("loop { }")
    wait_until_busy(kernel, msg_id)
    os.kill(kernel.manager.provisioner.process.pid, signal.SIGINT)
    assert kernel.reply_to(msg_id)["content"]["status"] == "error"
    assert kernel.value("1") == "1"


def test_input_asks_the_person(kernel):
    msg_id = kernel.client.execute('input("name? ")', allow_stdin=True)
    question = kernel.client.get_stdin_msg(timeout=TIMEOUT)
    assert question["content"] == {"prompt": "name? ", "password": False}
    assert question["parent_header"]["msg_id"] == msg_id
    kernel.client.input("Ada")
    assert kernel.reply_to(msg_id)["content"]["status"] == "ok"
    results = [m for m in kernel.broadcasts(msg_id) if m["msg_type"] == "execute_result"]
    assert "Ada" in results[0]["content"]["data"]["text/plain"]


def test_input_fails_where_nobody_can_answer(kernel):
    reply, _ = kernel.run('input("name? ")', allow_stdin=False)
    assert reply["status"] == "error"
    assert "allow_stdin" in "\n".join(reply["traceback"])


def test_an_interrupt_ends_waiting_for_input(kernel):
    msg_id = kernel.client.execute('input("name? ")', allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=TIMEOUT)
    kernel.manager.interrupt_kernel()
    assert kernel.reply_to(msg_id)["content"]["status"] == "error"
    assert kernel.value("2") == "2"


def test_history_gives_range_tail_and_search(kernel):
    for code in ("10 + 1", "20 + 2", "10 + 1"):
        kernel.run(code)

    def ask(**query):
        content = {"output": False, "raw": True, **query}
        message = kernel.client.session.msg("history_request", content)
        kernel.client.shell_channel.send(message)
        reply = kernel.reply_to(message["header"]["msg_id"])["content"]
        assert reply["status"] == "ok"
        return reply["history"]

    assert [e[2] for e in ask(hist_access_type="tail", n=2)] == ["20 + 2", "10 + 1"]
    assert [e[1] for e in ask(hist_access_type="range", session=0, start=1, stop=3)] == [1, 2]
    assert [e[2] for e in ask(hist_access_type="search", pattern="20*")] == ["20 + 2"]
    assert len(ask(hist_access_type="search", pattern="10*", unique=True)) == 1
    assert ask(hist_access_type="range", session=0, output=True)[0][2][1] == "11"


def test_completion_knows_the_scope_and_counts_characters(kernel):
    kernel.run("let keyring = 1;")
    code = "/* 🔑 */ keyr"
    reply = kernel.reply_to(kernel.client.complete(code, len(code)))["content"]
    assert reply["status"] == "ok"
    assert "keyring" in reply["matches"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (8, 12)
    typed = reply["metadata"]["_jupyter_types_experimental"]
    assert {"text", "type", "start", "end"} <= set(typed[0])


@pytest.mark.parametrize("cursor", [0, 3, 10_000])
def test_odd_cursors_are_answered(kernel, cursor):
    for ask in (kernel.client.complete, kernel.client.inspect):
        assert kernel.reply_to(ask("pri", cursor))["content"]["status"] == "ok"


def test_inspection_says_what_it_found(kernel):
    found = kernel.reply_to(kernel.client.inspect("print", 3))["content"]
    known = kernel.reply_to(kernel.client.inspect("print", 5))["content"]
    assert known["found"] and known["data"]["text/plain"]
    nothing = kernel.reply_to(kernel.client.inspect("no_such_name_at_all", 10))["content"]
    assert not nothing["found"] and nothing["data"] == {}
    assert found["status"] == nothing["status"] == "ok"


@pytest.mark.parametrize(
    ("code", "status"), [("1 + 1", "complete"), ("fn f() {", "incomplete"), ("let 1 = 2", "invalid")]
)
def test_is_complete(kernel, code, status):
    reply = kernel.reply_to(kernel.client.is_complete(code))["content"]
    assert reply["status"] == status
    assert ("indent" in reply) == (status == "incomplete")


def test_requests_are_answered_in_order(kernel):
    client = kernel.client
    ids = [
        client.execute("1"), client.kernel_info(), client.complete("pri"),
        client.is_complete("1"), client.execute("2"), client.comm_info(),
    ]
    parents = [client.get_shell_msg(timeout=TIMEOUT)["parent_header"]["msg_id"] for _ in ids]
    assert parents == ids


def test_comms_are_none_and_refused(kernel):
    assert kernel.reply_to(kernel.client.comm_info())["content"]["comms"] == {}
    opening = kernel.client.session.msg(
        "comm_open", {"comm_id": "c1", "target_name": "unknown", "data": {}}
    )
    kernel.client.shell_channel.send(opening)
    messages = kernel.broadcasts(opening["header"]["msg_id"])
    [closing] = [m for m in messages if m["msg_type"] == "comm_close"]
    assert closing["content"]["comm_id"] == "c1"


def test_the_control_channel_answers_while_a_cell_runs(kernel):
    msg_id = kernel.client.execute("loop { }")
    wait_until_busy(kernel, msg_id)
    request = kernel.client.session.msg("kernel_info_request", {})
    kernel.client.control_channel.send(request)
    reply = kernel.client.get_control_msg(timeout=TIMEOUT)
    assert reply["msg_type"] == "kernel_info_reply"
    assert reply["content"]["language_info"]["name"] == "rhai"
    kernel.manager.interrupt_kernel()
    assert kernel.reply_to(msg_id)["content"]["status"] == "error"


def test_the_heartbeat_echoes(kernel):
    info = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.REQ) as beat:
        beat.linger = 0
        beat.rcvtimeo = TIMEOUT * 1000
        beat.connect(f"tcp://127.0.0.1:{info['hb_port']}")
        for ping in (b"ping", b"\x00\xff"):
            beat.send(ping)
            assert beat.recv() == ping


def raw_shell(kernel, context):
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(f"tcp://127.0.0.1:{kernel.manager.get_connection_info()['shell_port']}")
    return socket


def test_bad_messages_are_dropped_and_the_kernel_lives(kernel):
    forger = Signer(key=b"not the key")
    good = kernel.client.session
    bad = [
        forger.serialize(forger.msg("execute_request", {"code": "let forged = 1;"})),
        [b""], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"zz"], [b"no", b"delimiter"],
        [b"<IDS|MSG>", b"\xff" * 64, b"{}", b"{}", b"{}", b"{}"],
    ]
    for parts in ([b"{}"] * 4, [b"{"] * 4, [b"\xff\xfe"] * 4, [b"[]"] * 4, [b"[" * 100_000] * 4):
        bad.append([b"<IDS|MSG>", good.sign(parts), *parts])
    with zmq.Context() as context, raw_shell(kernel, context) as socket:
        for frames in bad:
            socket.send_multipart(frames)
        socket.setsockopt(zmq.RCVTIMEO, 300)
        with pytest.raises(zmq.Again):
            socket.recv_multipart()
    assert kernel.value("1 + 1") == "2"
    assert kernel.run("forged")[0]["status"] == "error"


@pytest.mark.parametrize("port", ["shell_port", "control_port", "iopub_port", "hb_port"])
def test_bytes_that_are_not_zeromq_are_survived(kernel, port):
    import socket

    number = kernel.manager.get_connection_info()[port]
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 200, b"\x00" * 64):
        with socket.create_connection(("127.0.0.1", number)) as connection:
            connection.sendall(junk)
    assert kernel.value("1 + 1") == "2"


def test_unknown_and_incomplete_requests_do_no_harm(kernel):
    session, channel = kernel.client.session, kernel.client.shell_channel
    channel.send(session.msg("nonsense_request", {"a": [1, None]}))
    channel.send(session.msg("comm_msg", {"comm_id": "none", "data": {}}))
    incomplete = session.msg("execute_request", {})
    channel.send(incomplete)
    reply = kernel.reply_to(incomplete["header"]["msg_id"])["content"]
    assert reply["status"] == "error" and "code" in reply["evalue"]
    assert kernel.value("1 + 1") == "2"


def test_many_prints_arrive_complete_and_in_order(kernel):
    lines = 100_000
    msg_id = kernel.client.execute(f"for i in 0..{lines} {{ print(i) }}")
    messages = kernel.broadcasts(msg_id, timeout=60)
    assert text_of(messages) == "".join(f"{i}\n" for i in range(lines))
    assert len(messages) < lines / 100


def test_a_subscriber_that_stops_reading_holds_up_nobody(kernel):
    info = kernel.manager.get_connection_info()
    with zmq.Context() as context, context.socket(zmq.SUB) as stalled:
        stalled.linger = 0
        stalled.rcvhwm = 1
        stalled.setsockopt(zmq.RCVBUF, 4096)
        stalled.subscribe(b"")
        stalled.connect(f"tcp://127.0.0.1:{info['iopub_port']}")
        while not stalled.poll(50):  # until the subscription stands
            kernel.run("1")
        line = "x" * 1000
        msg_id = kernel.client.execute(f'for i in 0..20_000 {{ print("{line}") }}')
        assert text_of(kernel.broadcasts(msg_id, timeout=60)) == f"{line}\n" * 20_000


def test_text_appears_while_the_cell_still_runs(kernel):
    msg_id = kernel.client.execute('print("first"); loop { }')
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if message["msg_type"] == "stream":
            break
    assert message["content"]["text"] == "first\n"
    kernel.manager.interrupt_kernel()
    assert kernel.reply_to(msg_id)["content"]["status"] == "error"


def test_a_cell_of_a_megabyte_is_answered(kernel):
    text = "x" * 1_000_000
    reply, _ = kernel.run(f"`{text}`.len()")
    assert reply["status"] in ("ok", "error")
    assert kernel.value("1 + 1") == "2"


def test_a_client_that_comes_back_under_its_name_is_served(kernel):
    """JupyterLab does so when a page is loaded anew."""
    kernel.run("let kept = 6;")
    kernel.client.stop_channels()
    for _ in range(3):
        again = kernel.manager.client()
        again.start_channels()
        again.wait_for_ready(timeout=TIMEOUT)
        msg_id = again.execute("kept")
        assert again.get_shell_msg(timeout=TIMEOUT)["parent_header"]["msg_id"] == msg_id
        again.stop_channels()
    kernel.client = kernel.manager.client()
    kernel.client.start_channels()
    assert kernel.value("kept") == "6"


@pytest.mark.skipif(sys.platform == "win32", reason="Unix-domain sockets")
def test_sockets_of_the_file_system_serve_as_well(tmp_path):
    session = Session(transport="ipc", ip=str(tmp_path / "k"))
    assert session.value("6 * 7") == "42"
    session.close()


def test_two_kernels_know_nothing_of_each_other(two_kernels):
    one, other = two_kernels
    one.run("let mine = 1;")
    other.run("let mine = 2;")
    assert (one.value("mine"), other.value("mine")) == ("1", "2")


def test_two_clients_share_a_kernel(kernel):
    second = BlockingKernelClient()
    second.load_connection_info(kernel.manager.get_connection_info())
    second.start_channels()
    second.wait_for_ready(timeout=TIMEOUT)
    kernel.run("let both = 5;")
    msg_id = second.execute("both + 1")
    while (reply := second.get_shell_msg(timeout=TIMEOUT))["parent_header"]["msg_id"] != msg_id:
        pass
    assert reply["content"]["status"] == "ok"
    assert "execute_result" in kinds(kernel.broadcasts(msg_id))
    second.stop_channels()
    assert kernel.value("both") == "5"


@pytest.mark.parametrize("busy", [False, True])
def test_shutdown_is_answered_and_ends_the_process(busy):
    kernel = Session()
    if busy:
        wait_until_busy(kernel, kernel.client.execute("loop { }"))
    process = kernel.manager.provisioner.process
    kernel.client.shutdown(restart=False)
    reply = kernel.client.get_control_msg(timeout=TIMEOUT)
    assert reply["msg_type"] == "shutdown_reply"
    assert reply["content"] == {"status": "ok", "restart": False}
    assert process.wait(timeout=TIMEOUT) == 0
    kernel.close()


def test_a_restart_begins_afresh(kernel):
    kernel.run("let gone = 1;")
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=TIMEOUT)
    assert kernel.run("gone")[0]["status"] == "error"
    assert kernel.run("1")[0]["execution_count"] <= 2


@pytest.mark.skipif(sys.platform == "win32", reason="process ids")
def test_the_kernel_ends_with_its_parent():
    script = (
        "import sys, time; from jupyter_client.manager import KernelManager\n"
        "m = KernelManager(kernel_name='keychai'); m.start_kernel()\n"
        "c = m.client(); c.start_channels(); c.wait_for_ready(timeout=20)\n"
        "print(m.provisioner.process.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + TIMEOUT
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_alive(child)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(status.stdout.strip()) and not status.stdout.startswith("Z")


def test_nbclient_runs_a_notebook(tmp_path):
    codes = ["let a = 20;", 'print("in between")', "a * 2 + 2"]
    cells = [nbformat.v4.new_code_cell(code) for code in codes]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, kernel_name="keychai", timeout=TIMEOUT).execute()
    assert notebook.cells[1].outputs[0].text == "in between\n"
    assert notebook.cells[2].outputs[0].data["text/plain"] == "42"
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3]
    nbformat.validate(json.loads(nbformat.writes(notebook)))


def test_nbclient_stops_at_an_error_and_goes_on_where_told():
    cells = [nbformat.v4.new_code_cell(code) for code in ('throw "wrong"', "1")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="wrong"):
        nbclient.NotebookClient(notebook, kernel_name="keychai", timeout=TIMEOUT).execute()
    client = nbclient.NotebookClient(
        notebook, kernel_name="keychai", timeout=TIMEOUT, allow_errors=True
    )
    client.execute()
    assert notebook.cells[1].outputs[0].data["text/plain"] == "1"

"""jupyter_kernel_test, with everything declared that this kernel can do."""

from jupyter_kernel_test import KernelTests


class KeychaiTests(KernelTests):
    kernel_name = "keychai"
    language_name = "rhai"
    file_extension = ".rhai"
    code_hello_world = 'print("hello, world")'
    code_stderr = 'debug("to stderr")'
    completion_samples = [
        {"text": "prin", "matches": {"print"}},
        {"text": "kms.create_gra", "matches": {"create_grant"}},
        {"text": "kms.create_grant(#{ GranteeP", "matches": {"GranteePrincipal"}},
        {"text": 'let p = #{ Action: "s3:GetObjectTo', "matches": {"s3:GetObjectTorrent"}},
        {"text": "%%pol", "matches": {"%%policy"}},
    ]
    complete_code_samples = ["1 + 1", 'print("x");', "fn f(x) { x }", "let a = #{b: 1};", "%time"]
    incomplete_code_samples = ["fn f(x) {", "if true {", "let a = [", "%%json a\n{"]
    invalid_code_samples = ["let 1 = 2", "fn (", ")"]
    code_page_something = "kms.create_grant?"
    code_generate_error = 'throw "wrong"'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "1 + 2", "result": "3"},
        {"code": "2 + 3", "result": "5"},
    ]
    code_display_data = [
        {"code": "display(42)", "mime": "text/plain"},
        {"code": "display(failure_matrix())", "mime": "text/html"},
        {"code": 'display(html("<b>x</b>"))', "mime": "text/html"},
        {"code": 'display(markdown("# x"))', "mime": "text/markdown"},
        {"code": 'display(latex("$x$"))', "mime": "text/latex"},
        {"code": 'display(svg("<svg/>"))', "mime": "image/svg+xml"},
        {"code": "display(json_tree(#{ a: 1 }))", "mime": "application/json"},
    ]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6 ?*7"
    code_inspect_sample = "print"
    code_clear_output = "clear_output()"


del KernelTests

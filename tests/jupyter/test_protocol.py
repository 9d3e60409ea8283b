"""jupyter_kernel_test, with everything declared that this kernel can do."""

from jupyter_kernel_test import KernelTests


class KeychaiTests(KernelTests):
    kernel_name = "keychai"
    language_name = "rhai"
    file_extension = ".rhai"
    code_hello_world = 'print("hello, world")'
    code_stderr = 'debug("to stderr")'
    completion_samples = [{"text": "prin", "matches": {"print"}}]
    complete_code_samples = ["1 + 1", 'print("x");', "fn f(x) { x }", "let a = #{b: 1};"]
    incomplete_code_samples = ["fn f(x) {", "if true {", "let a = ["]
    invalid_code_samples = ["let 1 = 2", "fn (", ")"]
    code_page_something = 'page("a page of help")'
    code_generate_error = 'throw "wrong"'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "1 + 2", "result": "3"},
        {"code": "2 + 3", "result": "5"},
    ]
    code_display_data = [
        {"code": "display(42)", "mime": "text/plain"},
        {"code": "display(failure_matrix())", "mime": "text/html"},
    ]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6 ?*7"
    code_inspect_sample = "print"
    code_clear_output = "clear_output()"


del KernelTests

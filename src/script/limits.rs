//! How much a script may use.

use rhai::Engine;

/// Bounds of one evaluation, the same in debug and release builds.
///
/// They end a runaway script with an error that `try` cannot catch. The total
/// memory of a process is not bounded by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Rhai operations of one cell or script; 0 is without limit.
    pub operations: u64,
    /// Nested calls of script functions.
    pub call_levels: usize,
    /// Nesting of expressions at the top level.
    pub expression_depth: usize,
    /// Nesting of expressions in a function.
    pub function_expression_depth: usize,
    /// Bytes of one string.
    pub string_bytes: usize,
    /// Elements of one array with its nested arrays, and bytes of one blob.
    pub array_elements: usize,
    /// Members of one map with its nested maps.
    pub map_members: usize,
    /// Variables in scope.
    pub variables: usize,
    /// Functions, closures included.
    pub functions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 1_000_000_000,
            call_levels: 128,
            expression_depth: 256,
            function_expression_depth: 256,
            string_bytes: 64 << 20,
            array_elements: 16 << 20,
            map_members: 1 << 20,
            variables: 10_000,
            functions: 100_000,
        }
    }
}

impl Limits {
    pub(super) fn apply(&self, engine: &mut Engine) {
        engine
            .set_max_operations(self.operations)
            .set_max_call_levels(self.call_levels)
            .set_max_expr_depths(self.expression_depth, self.function_expression_depth)
            .set_max_string_size(self.string_bytes)
            .set_max_array_size(self.array_elements)
            .set_max_map_size(self.map_members)
            .set_max_variables(self.variables)
            .set_max_functions(self.functions)
            .set_max_modules(0);
    }

    /// What to do about a limit, by the beginning of Rhai's own message.
    pub(super) fn hint(&self, message: &str) -> Option<String> {
        let hint = match message.split(' ').next()? {
            "Too" if message.contains("operations") => {
                format!(
                    "a script may take {} operations; is a loop endless?",
                    self.operations
                )
            }
            "Stack" => format!(
                "calls may nest {} deep; does a function call itself without end?",
                self.call_levels
            ),
            "Length" => format!("a string may have {} bytes", self.string_bytes),
            "Size" if message.contains("map") => {
                format!("a map may have {} members", self.map_members)
            }
            "Size" => format!("an array or blob may have {} elements", self.array_elements),
            _ => return None,
        };
        Some(hint)
    }
}

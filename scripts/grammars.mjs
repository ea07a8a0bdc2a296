// The tree-sitter files that the language server loads.
export const GRAMMARS = [
  "tree-sitter.wasm",
  ...["python", "javascript", "typescript", "tsx", "java", "go", "rust", "cpp", "ruby", "php", "c-sharp"].map(
    (name) => `tree-sitter-${name}.wasm`,
  ),
];

//! The file's syntax, and what it comes to as a layer.

mod layer;
mod shell;

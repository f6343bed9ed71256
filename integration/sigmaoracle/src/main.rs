//! Evaluates Sigma rules with rsigma, an engine that shares no code with oktastream.
//!
//! Arguments are rule files. Standard input has one event a line, as JSON; for each the ids of the rules that match go
//! to standard output, separated by blanks. A rule that rsigma refuses is named on standard error with the reason.

use std::io::{self, BufRead, BufWriter, Write};

use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;
use rsigma_parser::parse_sigma_yaml;

fn main() {
    let mut engine = Engine::new();
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        match parse_sigma_yaml(&text) {
            Err(e) => eprintln!("refused {path}: {e}"),
            Ok(rules) => {
                for e in &rules.errors {
                    eprintln!("refused {path}: {e}");
                }
                if let Err(e) = engine.add_collection(&rules) {
                    eprintln!("refused {path}: {e}");
                }
            }
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line.expect("events are UTF-8");
        let value: serde_json::Value = serde_json::from_str(&line).expect("events are JSON");
        let mut ids: Vec<String> = engine
            .evaluate(&JsonEvent::borrow(&value))
            .iter()
            .filter_map(|m| m.header.rule_id.clone())
            .collect();
        ids.sort();
        writeln!(out, "{}", ids.join(" ")).expect("standard output");
    }
}

//! x
use config::Describe;
use storage_setup::cases::{self, Choices, Flavour};
#[test]
fn explore() {
    for seed in 0..60 {
        let case = cases::draw(&mut Choices::seeded(seed), Flavour::Real);
        let kinds = |want: &config::Storage, have: &storage_setup::Observed| match storage_setup::plan(want, case.engine, have) {
            Ok(p) => p
                .steps
                .iter()
                .map(|s| format!("{}{}", s.action.kind(), if s.disruption == config::Disruption::DataLoss { "!" } else { "" }))
                .collect::<Vec<_>>()
                .join(" "),
            Err(e) => format!("BAD {}", e[0].message),
        };
        println!(
            "{seed}: FIRST {}\n    WANT {}",
            case.first.as_ref().map(|f| kinds(f, &case.machine)).unwrap_or_default(),
            kinds(&case.want, &case.have)
        );
    }
}

//! One MiB there and back: JSON, which the function parses and writes, and bytes, which nobody looks at.

use anyhow::Result;

use crate::Bench;
use crate::beckon::Deployed;
use crate::floor::{self, server::Behind};
use crate::load::{Body, Effort};
use crate::peers;
use crate::report::{Report, Row, Target};
use crate::subject::{self, Measured, Subject};

/// Just under the 1 MiB that a payload may have. Text in lines, as logs and documents are: some work to parse, and
/// enough of it in each string that moving it counts.
fn lines() -> String {
    let line = "All work and no play makes Jack a dull boy; he said \\\"no\\\". ".repeat(16);
    let lines = (1_048_000 - 64) / (line.len() + 4);
    let all: Vec<String> = (0..lines).map(|n| format!("\"{n} {line}\"")).collect();
    let mut text = format!("{{\"lines\":[{}],\"last\":\"line\"}}", all.join(","));
    if text.len() > 1_048_576 {
        let fewer = &all[..lines - (text.len() - 1_048_576) / line.len() - 1];
        text = format!("{{\"lines\":[{}],\"last\":\"line\"}}", fewer.join(","));
    }
    text
}

pub(crate) async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let deployed = Deployed::new(&bench.beckon, &bench.work).await?;
    let json = Body::json(&lines(), r#""last":"line""#);
    let (measured, door) = with_all(bench, report, &deployed, (Behind::Echo, "echo"), &json).await?;
    let row = Row::micros("1 MiB JSON echo, 1 connection, p50").note(door);
    report.add(subject::row(row, &measured, Measured::p50).target(Target::MostFloors(1.2)));
    let row = Row::micros("1 MiB JSON echo, 1 connection, CPU a request").note(door);
    report.add(subject::cpu(row, &measured));

    let bytes = Body::bytes(1_000_000);
    match with_all(bench, report, &deployed, (Behind::Raw, "raw"), &bytes).await {
        Ok((measured, door)) => {
            let row = Row::micros("1 MB of bytes echoed, 1 connection, p50").note(door);
            report.add(subject::row(row, &measured, Measured::p50));
        }
        Err(why) => report.skip("an echo of bytes", &why),
    }
    Ok(())
}

async fn with_all(
    bench: &Bench,
    report: &mut Report,
    deployed: &Deployed,
    (behind, function): (Behind, &str),
    body: &Body,
) -> Result<(Vec<Measured>, &'static str)> {
    let pin = bench.pin_for(1);
    let beckon = deployed.serve(pin).await?;
    let (call, door) = deployed.invoke(&beckon, function, body).await?;
    let served = floor::rust(behind, pin).await?;
    let mut subjects = vec![Subject::floor("Rust to Node", served, body)];
    subjects.extend(subject::peers(bench, report, peers::NODE, function, body, pin).await);
    subjects.push(Subject::beckon(call, beckon.program.pid()));
    let effort = Effort {
        connections: 1,
        calls: 1_000,
        seconds: bench.seconds,
    };
    let measured = subject::measure(bench, &subjects, effort, pin).await?;
    beckon.stop().await?;
    Ok((measured, door))
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_a_mebibyte_and_no_more() {
        let body = super::lines();
        assert!((1_000_000..=1_048_576).contains(&body.len()), "{}", body.len());
        serde_json::from_str::<serde_json::Value>(&body).unwrap();
    }
}

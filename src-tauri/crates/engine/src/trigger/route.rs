//! Which functions a message is for.

use beckon_core::{FunctionKey, NamespaceName, Result, Subscription};

use crate::Engine;

/// Who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// This function, until it has dealt with the message.
    Function(FunctionKey),
    /// Every function of a namespace that asks for the topic, without waiting for any.
    Topics {
        namespace: NamespaceName,
        callback_url: Option<String>,
    },
}

/// The functions of a namespace that ask for a topic, by name.
pub(super) async fn who_asks(
    engine: &Engine,
    namespace: &NamespaceName,
    subscription: &Subscription,
    topic: &str,
) -> Result<Vec<FunctionKey>> {
    let store = &engine.inner.store;
    let mut keys = Vec::new();
    for summary in store.functions(Some(namespace)).await? {
        let function = store.function(&summary.key).await?;
        let asks = function.is_some_and(|function| {
            let topics = function.topics();
            topics.iter().any(|filter| covers(subscription, filter, topic))
        });
        if asks {
            keys.push(summary.key);
        }
    }
    keys.sort();
    Ok(keys)
}

/// Whether a filter, in the words of the subscription's broker, is for a topic.
pub(super) fn covers(subscription: &Subscription, filter: &str, topic: &str) -> bool {
    match subscription {
        Subscription::Nats { .. } => words(filter, topic, &NATS),
        Subscription::Mqtt { .. } => {
            // Of a shared subscription, `$share/GROUP/FILTER`, and what brokers have beside it.
            let shared = filter
                .strip_prefix("$share/")
                .and_then(|rest| rest.split_once('/'))
                .map(|(_, filter)| filter);
            let own = shared
                .or_else(|| filter.strip_prefix("$queue/"))
                .or_else(|| filter.strip_prefix("$exclusive/"));
            let filter = own.unwrap_or(filter);
            // A wildcard does not begin a topic of the server's own (MQTT 3.1.1, 4.7.2).
            let own = topic.starts_with('$') && filter.starts_with(['+', '#']);
            !own && words(filter, topic, &MQTT)
        }
        Subscription::Rabbitmq { .. } => words(filter, topic, &RABBITMQ),
    }
}

/// How a broker writes filters.
struct Grammar {
    separator: char,
    one: &'static str,
    /// At the end alone, but for RabbitMQ.
    rest: &'static str,
    /// Fewest words that `rest` stands for.
    fewest: usize,
}

const NATS: Grammar = Grammar {
    separator: '.',
    one: "*",
    rest: ">",
    fewest: 1,
};
const MQTT: Grammar = Grammar {
    separator: '/',
    one: "+",
    rest: "#",
    fewest: 0,
};
const RABBITMQ: Grammar = Grammar {
    separator: '.',
    one: "*",
    rest: "#",
    fewest: 0,
};

fn words(filter: &str, topic: &str, grammar: &Grammar) -> bool {
    let filter: Vec<&str> = filter.split(grammar.separator).collect();
    let topic: Vec<&str> = topic.split(grammar.separator).collect();
    // `reached[n]`: whether the words of the filter so far stand for the first n words of the topic. A table, because
    // trying out what each `#` may stand for takes for ever with a filter that means to.
    let mut reached = vec![false; topic.len() + 1];
    reached[0] = true;
    for word in filter {
        let before = reached;
        reached = vec![false; topic.len() + 1];
        if word == grammar.rest {
            for (at, reached) in reached.iter_mut().enumerate() {
                *reached = (0..=at).any(|from| before[from] && at - from >= grammar.fewest);
            }
        } else {
            for (at, own) in topic.iter().enumerate() {
                reached[at + 1] = before[at] && (word == grammar.one || word == *own);
            }
        }
    }
    reached[topic.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_for_topics_as_their_brokers_have_it() {
        let mqtt = Subscription::Mqtt {
            topics: Vec::new(),
            qos: 0,
        };
        let rabbitmq = Subscription::Rabbitmq {
            queue: None,
            exchange: None,
            topics: Vec::new(),
        };
        let nats = Subscription::Nats {
            subject: String::new(),
            queue_group: None,
        };
        for (kind, filter, topic, wanted) in [
            (&mqtt, "a/b", "a/b", true),
            (&mqtt, "a/+", "a/b", true),
            (&mqtt, "a/+", "a/b/c", false),
            (&mqtt, "a/#", "a", true),
            (&mqtt, "a/#", "a/b/c", true),
            (&mqtt, "#", "a/b", true),
            (&mqtt, "#", "$SYS/x", false),
            (&mqtt, "$SYS/#", "$SYS/x", true),
            (&mqtt, "+/b", "/b", true),
            (&mqtt, "a", "a/", false),
            (&mqtt, "$share/g/a/#", "a/b", true),
            (&mqtt, "$queue/a/#", "a/b", true),
            (&mqtt, "$exclusive/a", "a", true),
            (&rabbitmq, "a.*.c", "a.b.c", true),
            (&rabbitmq, "a.#.c", "a.c", true),
            (&rabbitmq, "a.#.c", "a.x.y.c", true),
            (&rabbitmq, "#", "a", true),
            (&rabbitmq, "a.*", "a", false),
            (&nats, "a.>", "a", false),
            (&nats, "a.>", "a.b.c", true),
            (&nats, "*.b", "a.b", true),
        ] {
            assert_eq!(covers(kind, filter, topic), wanted, "{filter} for {topic}");
        }
        // Quick, whatever the filter.
        let evil = vec!["#"; 300].join(".");
        assert!(!covers(
            &rabbitmq,
            &format!("{evil}.z"),
            &vec!["a"; 300].join(".")
        ));
    }
}

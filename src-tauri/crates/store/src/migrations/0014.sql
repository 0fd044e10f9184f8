-- Triggers listen to other brokers than NATS: what of a server is one document, in the words of its broker.
ALTER TABLE triggers ADD COLUMN subscription TEXT NOT NULL DEFAULT '';
UPDATE triggers SET subscription =
    json_object('broker', 'nats', 'subject', subject, 'queueGroup', queue_group);
ALTER TABLE triggers DROP COLUMN subject;
ALTER TABLE triggers DROP COLUMN queue_group;

-- What a space's message trigger listens to, JSON. Those that were kept before there was any listening have none.
ALTER TABLE spaces_triggers ADD COLUMN listener TEXT;

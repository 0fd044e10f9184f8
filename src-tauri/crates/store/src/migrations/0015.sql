-- What became of the callbacks that a run's end caused: 'pending', 'delivered', 'failed'; NULL where it caused none.
ALTER TABLE activations ADD COLUMN callback TEXT;
CREATE INDEX activations_by_callback ON activations (callback) WHERE callback IS NOT NULL;
UPDATE activations SET callback = (
    SELECT CASE WHEN max(state = 'gave_up') THEN 'failed' WHEN max(state <> 'delivered') THEN 'pending'
                ELSE 'delivered' END
    FROM deliveries WHERE run = activations.id AND purpose = 'callback')
WHERE id IN (SELECT run FROM deliveries WHERE purpose = 'callback');

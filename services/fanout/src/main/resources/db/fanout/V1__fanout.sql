-- How many events of each organisation were sent to which topic. A projection: see V1__projection.sql.
--
-- Kafka keeps what was sent; this is what `repair` compares it with.

CREATE TABLE sent (
    tenant text NOT NULL,
    topic text COLLATE "C" NOT NULL,
    events bigint NOT NULL CHECK (events > 0),
    PRIMARY KEY (tenant, topic)
);

SELECT projection.make('fanout', views => '{sent}');

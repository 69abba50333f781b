-- The notes of each organisation. A projection: see V1__projection.sql.

CREATE TABLE note (
    tenant text NOT NULL,
    note uuid NOT NULL,
    title text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, note)
);

SELECT projection.make('notes', views => '{note}');

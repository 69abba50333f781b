CREATE TABLE sample.thing (id bigint PRIMARY KEY);

package dev.chancery.ledger;

/**
 * How far a ledger has grown.
 *
 * @param publishedSize checkpoints up to this size are known to be on Kafka
 */
record Head(long size, byte[] root, long publishedSize) {}

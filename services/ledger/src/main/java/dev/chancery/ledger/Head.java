package dev.chancery.ledger;

/**
 * How far a ledger has grown.
 *
 * @param publishedSize checkpoints up to this size are known to be on Kafka
 */
@SuppressWarnings("ArrayRecordComponent") // handed on as it is, never changed, never compared as a record
record Head(long size, byte[] root, long publishedSize) {}

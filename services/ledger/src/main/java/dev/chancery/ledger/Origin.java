package dev.chancery.ledger;

/** A log's name for the world: opaque, unique, immutable. */
final class Origin {
    private Origin() {}

    static String of(String instanceId, String tenant) {
        return instanceId + "/" + tenant;
    }
}

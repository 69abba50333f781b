package dev.chancery.auditor;

/** A {@code chancery.log.v1.EventRef}. */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record EventRef(String stream, long version, String type, byte[] hash) {

    static EventRef read(Wire wire) throws Malformed {
        String stream = "";
        long version = 0;
        String type = "";
        byte[] hash = {};
        for (int field; (field = wire.next()) != 0; ) {
            switch (field) {
                case 1 -> stream = wire.string();
                case 2 -> version = wire.integer();
                case 3 -> type = wire.string();
                case 4 -> hash = wire.bytes();
                default -> throw wire.unknown();
            }
        }
        return new EventRef(
                Shape.STREAM.required(stream),
                version,
                Shape.EVENT_TYPE.required(type),
                Shape.exactly("event.hash", hash, 32));
    }
}

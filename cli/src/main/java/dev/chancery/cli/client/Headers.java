package dev.chancery.cli.client;

/** Headers that mean something to an instance; over gRPC they are metadata, in lower case. */
public final class Headers {
    public static final String AUTHORIZATION = "Authorization";
    public static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    public static final String POSITION = "Chancery-Position";

    private Headers() {}
}

package dev.chancery.command;

import java.util.Optional;

/**
 * What a request brings along, from either face; nothing of it is trusted but the token, once verified.
 *
 * @param requestId made here, a UUID
 * @param bearer the access token, unverified
 * @param idempotencyKey as sent
 * @param position {@code Chancery-Position} as sent
 * @param challenge {@code Chancery-Challenge} as sent: what somebody got for solving one
 * @param address the peer's address
 * @param client the User-Agent, at most 256 characters
 */
public record Caller(
        String requestId,
        Optional<String> bearer,
        Optional<String> idempotencyKey,
        Optional<String> position,
        Optional<String> challenge,
        String address,
        String client) {}

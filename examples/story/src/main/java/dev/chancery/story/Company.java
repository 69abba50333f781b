package dev.chancery.story;

/**
 * The organisation that the story is about.
 *
 * @param newest the newest position that its people know
 * @param developer holds {@code edit} in staging, by {@code developersGrant}
 * @param operator holds {@code admin} everywhere, by {@code operatorsGrant}
 * @param agent holds {@code edit} in production, for an hour
 * @param service holds {@code view} everywhere, for an hour
 */
record Company(
        Caller administrator,
        NewestPosition newest,
        Caller developer,
        Caller operator,
        Caller agent,
        Caller service,
        String production,
        String staging,
        RoleModelFile model,
        String developersGrant,
        String operatorsGrant) {}

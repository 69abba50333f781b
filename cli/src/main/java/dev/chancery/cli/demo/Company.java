package dev.chancery.cli.demo;

/**
 * The organisation that the story is about.
 *
 * @param seen what its people have seen
 * @param developer holds {@code edit} in staging
 * @param operator holds {@code admin} everywhere
 * @param agent holds {@code edit} in production, for an hour
 * @param service holds {@code view} everywhere, for an hour
 * @param developersGrant the developer's assignment
 * @param operatorsGrant the operator's
 */
record Company(
        Actor administrator,
        Seen seen,
        Actor developer,
        Actor operator,
        Actor agent,
        Actor service,
        String production,
        String staging,
        RoleModelFile model,
        String developersGrant,
        String operatorsGrant) {}

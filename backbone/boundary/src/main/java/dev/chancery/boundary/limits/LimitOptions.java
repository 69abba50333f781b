package dev.chancery.boundary.limits;

import java.util.Optional;

/**
 * What each kind of caller may do. People and programs differ: a person's own requests are few, and a service's are its users'.
 *
 * @param personReads reads of one user
 * @param personCommands commands of one user
 * @param serviceReads reads of one service or agent
 * @param serviceCommands commands of one service or agent
 * @param checks decisions asked for by one principal
 * @param tenant reads and commands of one organisation
 * @param signIns sign-ins of one principal that proved who it is
 * @param signInsByName failed sign-ins under one name
 * @param signInsByAddress failed sign-ins from one address
 * @param strangers calls from one address without a token that is good
 * @param deniedRecords denials of one principal that get a record each, in a minute; the others share one
 * @param challenge what strangers may solve to go on; empty: nothing, they wait
 */
public record LimitOptions(
        Rate personReads,
        Rate personCommands,
        Rate serviceReads,
        Rate serviceCommands,
        Rate checks,
        Rate tenant,
        Rate signIns,
        Rate signInsByName,
        Rate signInsByAddress,
        Rate strangers,
        int deniedRecords,
        Optional<ChallengeOptions> challenge) {

    /** Limits nothing but records of denials. */
    public static final LimitOptions NONE = new LimitOptions(
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Integer.MAX_VALUE,
            Optional.empty());

    public LimitOptions {
        if (deniedRecords < 1) {
            throw new IllegalArgumentException("at least one denial a minute is recorded");
        }
    }

    /** The same limits, with a challenge. */
    public LimitOptions with(ChallengeOptions offered) {
        return new LimitOptions(
                personReads,
                personCommands,
                serviceReads,
                serviceCommands,
                checks,
                tenant,
                signIns,
                signInsByName,
                signInsByAddress,
                strangers,
                deniedRecords,
                Optional.of(offered));
    }
}

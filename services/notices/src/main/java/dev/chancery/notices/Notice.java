package dev.chancery.notices;

import dev.chancery.schema.notices.v1.NoticeKind;

/**
 * A notice to one person.
 *
 * @param about a role's name, why a session ended, or the id of a program whose sign-ins failed; empty where there is nothing to name
 * @param happenedMicros when what it tells of happened, or will
 */
record Notice(String tenant, String id, String principalId, NoticeKind kind, String about, long happenedMicros) {}

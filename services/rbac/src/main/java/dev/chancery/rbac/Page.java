package dev.chancery.rbac;

import dev.chancery.command.RefusedException;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which part of a list is asked for. A page goes on after the last row of the one before, by that row's key, so rows that come in
 * between shift nothing: none is missed, none is answered twice. The token is that key; all shapes fit {@code [A-Za-z0-9.:_-]{1,128}}.
 *
 * @param size rows at most
 * @param after key of the last row answered; of names: empty for the first page
 */
record Page<K>(int size, K after) {
    static final int MAX_SIZE = 200;
    static final int DEFAULT_SIZE = 100;

    private static final Pattern CAPABILITY = Pattern.compile("[a-z][a-z0-9.-]{0,62}:[a-z][a-z0-9-]{0,62}");
    private static final Pattern ROLE = Pattern.compile("[a-z][a-z0-9.-]{0,62}");
    private static final Pattern MADE =
            Pattern.compile("(0|[1-9][0-9]{0,17})\\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");

    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final UUID NONE = new UUID(0, 0);

    /** One principal in one group. */
    record Member(UUID group, UUID principal) {
        String token() {
            return group + "." + principal;
        }
    }

    /** @param size as in the request: unsigned, 0 for the default */
    static Page<UUID> ofGroups(int size, String token) throws RefusedException {
        return new Page<>(size(size), token.isEmpty() ? NONE : id(token));
    }

    /** @param size as in the request: unsigned, 0 for the default */
    static Page<Member> ofMembers(int size, String token) throws RefusedException {
        int dot = token.indexOf('.');
        if (token.isEmpty()) {
            return new Page<>(size(size), new Member(NONE, NONE));
        }
        if (dot < 0) {
            throw new RefusedException(RbacRejection.PAGE);
        }
        return new Page<>(size(size), new Member(id(token.substring(0, dot)), id(token.substring(dot + 1))));
    }

    private static UUID id(String token) throws RefusedException {
        if (!ID.matcher(token).matches()) {
            throw new RefusedException(RbacRejection.PAGE);
        }
        return UUID.fromString(token);
    }

    /** Where in the log an assignment was made. */
    record Made(long position, UUID assignment) {
        /** Before any: the newest comes first. */
        static final Made NEWEST = new Made(Long.MAX_VALUE, new UUID(-1, -1));

        String token() {
            return position + "." + assignment;
        }
    }

    /** @param size as in the request: unsigned, 0 for the default */
    static Page<String> ofCapabilities(int size, String token) throws RefusedException {
        return new Page<>(size(size), name(CAPABILITY, token));
    }

    /** @param size as in the request: unsigned, 0 for the default */
    static Page<String> ofRoles(int size, String token) throws RefusedException {
        return new Page<>(size(size), name(ROLE, token));
    }

    /** @param size as in the request: unsigned, 0 for the default */
    static Page<Made> ofAssignments(int size, String token) throws RefusedException {
        if (token.isEmpty()) {
            return new Page<>(size(size), Made.NEWEST);
        }
        Matcher made = MADE.matcher(token);
        if (!made.matches()) {
            throw new RefusedException(RbacRejection.PAGE);
        }
        return new Page<>(size(size), new Made(Long.parseLong(made.group(1)), UUID.fromString(made.group(2))));
    }

    private static String name(Pattern shape, String token) throws RefusedException {
        if (!token.isEmpty() && !shape.matcher(token).matches()) {
            throw new RefusedException(RbacRejection.PAGE);
        }
        return token;
    }

    private static int size(int asked) throws RefusedException {
        if (Integer.compareUnsigned(asked, MAX_SIZE) > 0) {
            throw new RefusedException(RbacRejection.PAGE_SIZE);
        }
        return asked == 0 ? DEFAULT_SIZE : asked;
    }
}

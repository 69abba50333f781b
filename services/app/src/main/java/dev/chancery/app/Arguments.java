package dev.chancery.app;

import dev.chancery.feature.ProcessRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a process is started with.
 *
 * @param roles empty: to bring the database's schemas to this version and end
 * @param files of configuration, the later over the earlier
 */
record Arguments(Set<ProcessRole> roles, List<Path> files) {
    static final String USAGE = """
            usage: --role ROLE[,ROLE…] --config FILE [--config FILE…]
              core         takes commands and checks: identity, access, elevation, egress, vault, consent, dsar, retention, notices; holds the key rings
              relay        moves the log to Kafka
              projectors   keeps the RBAC views and answers lists, fills the topics of events
              ledger       grows the ledger and signs its checkpoints
              egress       the forward proxy, by which programs reach hosts outside
              all          all of these in one process
              migrate      brings the database's schemas to this version, as its owner, and ends""";

    boolean migrate() {
        return roles.isEmpty();
    }

    /** @throws IllegalArgumentException for anything but {@link #USAGE} */
    static Arguments parse(String... arguments) {
        String role = "";
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " lacks its value");
            }
            switch (arguments[i]) {
                case "--role" -> role = arguments[i + 1];
                case "--config" -> files.add(Path.of(arguments[i + 1]));
                default -> throw new IllegalArgumentException("there is no option " + arguments[i]);
            }
        }
        if (role.isEmpty() || files.isEmpty()) {
            throw new IllegalArgumentException("name a role and a configuration file");
        }
        return new Arguments(role.equals("migrate") ? Set.of() : ProcessRole.parse(role), List.copyOf(files));
    }
}

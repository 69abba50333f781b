package dev.chancery.vault;

import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.postgresql.plugin.AuthenticationPlugin;
import org.postgresql.plugin.AuthenticationRequestType;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/**
 * Gives PostgreSQL's driver the password for SCRAM, which proves that one knows it, and for nothing that tells it or a hash of it. The driver
 * makes it by its name.
 */
public final class ScramOnly implements AuthenticationPlugin {
    private final @Nullable String password;

    /** @param properties of the connection */
    public ScramOnly(Properties properties) {
        password = PGProperty.PASSWORD.getOrDefault(properties);
    }

    @Override
    public char @Nullable [] getPassword(AuthenticationRequestType type) throws PSQLException {
        if (type != AuthenticationRequestType.SASL) {
            throw new PSQLException(
                    "The server asks for another authentication than SCRAM", PSQLState.INVALID_PASSWORD);
        }
        return password == null ? null : password.toCharArray();
    }
}

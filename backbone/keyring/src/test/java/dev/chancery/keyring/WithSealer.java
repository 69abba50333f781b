package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.testkit.Backing;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Each test has a database and a sealer of its own. */
abstract class WithSealer {
    @TempDir
    Path directory;

    Database database;
    TestSealer sealer;

    @BeforeEach
    void installation() {
        database = Backing.database("keyring");
        sealer = TestSealer.make(directory);
    }

    @AfterEach
    void close() {
        sealer.close();
        database.close();
    }

    /** As a process that starts now has it: nothing cached. */
    Keyring process() {
        return new Keyring(database, sealer.open());
    }

    long count(String sql) {
        return Ring.count(database, sql);
    }
}

package dev.chancery.quickstart.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractAction;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * After each test class: whatever is in any log of the shared instance was recorded under an action that the contract has, of the record's own
 * feature, and by nobody but the installation where the contract says so. An auditor refuses a log in which one is not.
 */
public final class RecordedActions implements AfterAllCallback {
    private static final Map<String, String> FEATURES = new HashMap<>();
    private static final Map<String, Boolean> BY_SYSTEM;

    static {
        Contract contract = Contract.load();
        contract.methods().stream()
                .filter(ContractMethod::writes)
                .forEach(method -> FEATURES.put(method.auditAction(), method.feature()));
        contract.actions().forEach(action -> FEATURES.put(action.name(), action.feature()));
        BY_SYSTEM =
                contract.actions().stream().collect(Collectors.toMap(ContractAction::name, ContractAction::bySystem));
    }

    /** By tenant: how many records were read. */
    private static final Map<String, Long> READ = new HashMap<>();

    @Override
    public void afterAll(ExtensionContext context) {
        SharedInstance.ifRunning().ifPresent(shared -> {
            List<String> wrong = shared.inside.database().transaction(DatabaseRole.RELAY, RecordedActions::wrong);
            assertThat(wrong).as("records that no auditor accepts").isEmpty();
        });
    }

    /** What is wrong with the records since the last look. */
    static List<String> wrong(Connection connection) throws SQLException {
        List<String> wrong = new ArrayList<>();
        try (var heads = connection.createStatement();
                var rows = heads.executeQuery("SELECT tenant, next_position FROM log.head")) {
            while (rows.next()) {
                String tenant = rows.getString(1);
                long from = READ.getOrDefault(tenant, 0L);
                if (from < rows.getLong(2)) {
                    wrong(connection, tenant, from, rows.getLong(2), wrong);
                    READ.put(tenant, rows.getLong(2));
                }
            }
        }
        return wrong;
    }

    private static void wrong(Connection connection, String tenant, long from, long to, List<String> wrong)
            throws SQLException {
        try (var records = connection.prepareStatement(
                "SELECT position, record FROM log.record WHERE tenant = ? AND position >= ? AND position < ?")) {
            records.setString(1, tenant);
            records.setLong(2, from);
            records.setLong(3, to);
            try (var rows = records.executeQuery()) {
                while (rows.next()) {
                    Statement statement = LogRecords.statement(rows.getBytes(2));
                    String action = statement.getAction();
                    boolean isSystem = statement.getActor().getType() == ActorType.ACTOR_TYPE_SYSTEM;
                    if (!statement.getFeature().equals(FEATURES.get(action))
                            || (BY_SYSTEM.getOrDefault(action, false) && !isSystem)) {
                        wrong.add(tenant + "@" + rows.getLong(1) + ": " + action + " of " + statement.getFeature()
                                + " by " + statement.getActor().getType());
                    }
                }
            }
        }
    }
}

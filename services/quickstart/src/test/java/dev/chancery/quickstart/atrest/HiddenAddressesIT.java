package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.atrest.ForgettingAttack.Keys;
import dev.chancery.quickstart.atrest.ForgettingAttack.Lying;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.identity.v1.FindRecordsRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.retention.v1.EraseSubjectRequest;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.story.ClearText;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * An instance whose ledger is privacy-enhanced tells no address to whoever has Kafka's segments, every key and the key file. Whoever has
 * the address finds its records, in their own organisation alone, until whom they are about is erased.
 */
@LongTest
@Order(51)
class HiddenAddressesIT {
    private static final String ADDRESS = "127.77.3.9";
    private static final String CLIENT = "Kestrel/7.1 (hidden)";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final RunningInstance instance =
            RunningInstance.start(RunningInstance.newDirectory("hidden"), "-Dchancery.ledger.mode=privacy-enhanced");
    private final SharedInstance shared = SharedInstance.on(instance);
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private final StoredInstance stored = new StoredInstance(shared);

    @AfterEach
    void stop() {
        shared.close();
        instance.close();
    }

    @Test
    void anAddressIsFoundByWhoHasItAndReadByNobody() throws IOException, SQLException {
        Client sue = calls.somebody(PrincipalType.USER, shared.a);
        signIn(sue);

        assertThat(found(shared.a, wanted())).containsExactly(OrganisationCalls.id(sue));
        assertThat(found(shared.a, FindRecordsRequest.newBuilder().setClient(CLIENT)))
                .containsExactly(OrganisationCalls.id(sue));
        assertThat(found(shared.a, FindRecordsRequest.newBuilder().setAddress("127.77.3.10")))
                .isEmpty();
        assertThat(found(shared.b, wanted())).isEmpty();
        assertThat(calls.send(sue, wanted().setReason("Incident 17")).code()).isEqualTo("auth.forbidden");
        nobodyReadsIt();
        stored.verifies(shared.a);

        calls.done(
                shared.a,
                EraseSubjectRequest.newBuilder()
                        .setPrincipalId(OrganisationCalls.id(sue))
                        .setGround(ErasureGround.ERASURE_GROUND_REQUEST)
                        .setReason("She left"));
        assertThat(RunningInstance.await(LIMIT, () -> found(shared.a, wanted()).isEmpty()))
                .as("found no more")
                .isTrue();
        stored.verifies(shared.a);
        assertThat(instance.stop()).as("exit code after TERM").isIn(0, 143);
        assertThat(ClearText.of(List.of(ADDRESS, CLIENT))
                        .below(instance.data().getParent())
                        .found())
                .isEmpty();
        RunningInstance.Ended replay = RunningInstance.attempt(
                "replay", "--check", "--data", instance.data().toString());
        assertThat(replay.exitCode()).as("replay --check: %s", replay).isZero();
    }

    /** For a session, so that its event has the address too. */
    private void signIn(Client client) {
        String body =
                SharedInstance.tokenForm(shared.assertion(client.clientId(), client.key())) + "&scope=offline_access";
        assertThat(shared.wire
                        .raw(
                                ("POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: " + CLIENT
                                                + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
                                                + body.length() + "\r\nConnection: close\r\n\r\n" + body)
                                        .getBytes(US_ASCII),
                                ADDRESS)
                        .json()
                        .containsKey("refresh_token"))
                .isTrue();
    }

    private static FindRecordsRequest.Builder wanted() {
        return FindRecordsRequest.newBuilder().setAddress(ADDRESS);
    }

    /** Whose records were found. */
    private List<String> found(Client by, FindRecordsRequest.Builder wanted) {
        return calls.done(by, wanted.setReason("Incident 17")).json().getJsonArray("records", new JsonArray()).stream()
                .map(record -> ((JsonObject) record).getString("principalId"))
                .toList();
    }

    private void nobodyReadsIt() throws SQLException {
        List<Lying> lying = stored.lying();
        Keys keys = stored.keys();
        Map<String, List<String>> opened = ForgettingAttack.open(lying, keys, keys, instance.sealer());
        assertThat(opened.values().stream().flatMap(List::stream))
                .contains("somebody", "Incident 17")
                .noneMatch(text -> text.contains(ADDRESS) || text.contains(CLIENT));
        assertThat(lying)
                .filteredOn(each ->
                        List.of("address", "client").contains(each.where().field()))
                .hasSizeGreaterThan(10)
                .allMatch(each -> each.sealed().getCiphertext().isEmpty());
    }
}

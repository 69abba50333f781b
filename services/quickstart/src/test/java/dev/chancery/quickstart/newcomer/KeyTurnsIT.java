package dev.chancery.quickstart.newcomer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.ListOrganisationKeysRequest;
import dev.chancery.schema.vault.v1.ListSealerKeysRequest;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.ResealRequest;
import dev.chancery.schema.vault.v1.RetireOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RetireSealerKeyRequest;
import dev.chancery.schema.vault.v1.RewrapOrganisationRequest;
import dev.chancery.schema.vault.v1.RotateOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RotateSealerKeyRequest;
import dev.chancery.schema.vault.v1.SealerRing;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The keys above those of subjects, turned by an administrator and by the installation's owner, against the packaged process. */
@Order(28)
class KeyTurnsIT {
    private static final Duration BOUND = Duration.ofSeconds(30);

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);

    private List<JsonObject> organisationKeys(Client of) {
        return calls.done(of, ListOrganisationKeysRequest.newBuilder()).json().getJsonArray("keys").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private List<JsonObject> sealerKeys(SealerRing ring) {
        return calls.done(shared.owner, ListSealerKeysRequest.newBuilder()).json().getJsonArray("keys").stream()
                .map(JsonObject.class::cast)
                .filter(key -> key.getString("ring").equals(ring.name()))
                .toList();
    }

    private static long wraps(JsonObject key) {
        return Long.parseLong(key.getString("wraps", "0"));
    }

    @Test
    void anOrganisationsKeyTurnsInPiecesAndNobodyIsForgotten() {
        Client administrator = calls.organisation();
        for (int i = 0; i < 3; i++) {
            calls.somebody(PrincipalType.USER, administrator);
        }
        Reply before = calls.done(administrator, ListPrincipalsRequest.newBuilder());
        refused(administrator, RetireOrganisationKeyRequest.newBuilder().setKeyVersion(1), "vault.key-in-use");
        refused(administrator, RetireOrganisationKeyRequest.newBuilder().setKeyVersion(2), "vault.no-such-key");
        long all = wraps(organisationKeys(administrator).getFirst());
        assertThat(all).isGreaterThan(4);

        Reply rotated = calls.done(administrator, RotateOrganisationKeyRequest.newBuilder());

        assertThat(rotated.json().getInteger("keyVersion")).isEqualTo(2);
        assertThat(calls.statement(rotated.position()).getOutcome().getResult()).isEqualTo(Result.SUCCESS);
        assertThat(calls.statement(rotated.position()).getAction()).isEqualTo("vault.organisation-key.rotate");
        refused(administrator, RetireOrganisationKeyRequest.newBuilder().setKeyVersion(1), "vault.key-in-use");
        JsonObject some = calls.done(
                        administrator, RewrapOrganisationRequest.newBuilder().setAtMost(2))
                .json();
        assertThat(some.getInteger("rewrapped")).isEqualTo(2);
        assertThat(some.getString("left")).isEqualTo(Long.toString(all - 2));
        refused(administrator, RetireOrganisationKeyRequest.newBuilder().setKeyVersion(1), "vault.key-in-use");
        refused(administrator, RewrapOrganisationRequest.newBuilder().setAtMost(1_001), "vault.at-most");
        assertThat(calls.done(administrator, RewrapOrganisationRequest.newBuilder())
                        .json()
                        .getString("left"))
                .isEqualTo("0");

        for (int i = 0; i < 2; i++) {
            calls.done(administrator, RetireOrganisationKeyRequest.newBuilder().setKeyVersion(1));
        }

        List<JsonObject> keys = organisationKeys(administrator);
        assertThat(keys).hasSize(1);
        assertThat(keys.getFirst().getInteger("keyVersion")).isEqualTo(2);
        assertThat(keys.getFirst().getBoolean("current")).isTrue();
        assertThat(wraps(keys.getFirst())).isGreaterThanOrEqualTo(all);
        assertThat(calls.done(administrator, ListPrincipalsRequest.newBuilder())
                        .json()
                        .getJsonArray("principals"))
                .isEqualTo(before.json().getJsonArray("principals"));
        refused(
                calls.somebody(administrator, "secret:read"),
                RotateOrganisationKeyRequest.newBuilder(),
                "auth.forbidden");
        refused(
                calls.somebody(administrator, "secret:read"),
                ListOrganisationKeysRequest.newBuilder(),
                "auth.forbidden");
    }

    /** Other tests' erasures turn the ring of organisations' keys, too. */
    @ParameterizedTest
    @EnumSource(names = {"SEALER_RING_ORGANISATIONS", "SEALER_RING_INSTALLATION"})
    void aRingOfTheSealersTurnsForTheOwnerAloneAndACompromisedVersionIsGoneAtOnce(SealerRing ring) {
        Client administrator = calls.organisation();
        refused(administrator, RotateSealerKeyRequest.newBuilder().setRing(ring), "auth.forbidden");
        refused(administrator, ListSealerKeysRequest.newBuilder(), "auth.forbidden");
        String value = writtenSecret(administrator);
        makeRoom(ring);
        int older = newest(sealerKeys(ring));
        refused(
                shared.owner,
                RetireSealerKeyRequest.newBuilder().setRing(ring).setRingVersion(older + 1_000),
                "vault.no-such-key");

        Reply rotated =
                calls.done(shared.owner, RotateSealerKeyRequest.newBuilder().setRing(ring));

        int version = rotated.json().getInteger("ringVersion");
        assertThat(version).isGreaterThan(older);
        assertThat(target(rotated)).isEqualTo(name(ring) + "-" + version);
        assertThat(newest(sealerKeys(ring))).isGreaterThanOrEqualTo(version);
        assertThat(target(reseal(ring))).isEqualTo(name(ring));
        Reply retired = calls.done(
                shared.owner,
                RetireSealerKeyRequest.newBuilder()
                        .setRing(ring)
                        .setRingVersion(version - 1)
                        .setCompromised(true));

        assertThat(target(retired)).isEqualTo(name(ring) + "-" + (version - 1));
        assertThat(sealerKeys(ring))
                .allSatisfy(key -> assertThat(key.getInteger("ringVersion")).isGreaterThanOrEqualTo(version));
        assertThat(calls.done(administrator, ListPrincipalsRequest.newBuilder())
                        .json()
                        .getJsonArray("principals"))
                .isNotEmpty();
        assertThat(calls.done(administrator, ReadSecretRequest.newBuilder().setSecret("prod/db/password"))
                        .json()
                        .getString("value"))
                .isEqualTo(value);
    }

    /** Both rings are listed in one list, and a request that names none of them turns none. */
    @Test
    void eachRequestNamesItsRing() {
        refused(shared.owner, RotateSealerKeyRequest.newBuilder(), "request.invalid-field");
        refused(shared.owner, ResealRequest.newBuilder(), "request.invalid-field");
        refused(shared.owner, RetireSealerKeyRequest.newBuilder().setRingVersion(1), "request.invalid-field");

        assertThat(calls.done(shared.owner, ListSealerKeysRequest.newBuilder()).json().getJsonArray("keys").stream()
                        .map(key -> ((JsonObject) key).getString("ring"))
                        .distinct())
                .containsExactly("SEALER_RING_ORGANISATIONS", "SEALER_RING_INSTALLATION");
    }

    private String writtenSecret(Client administrator) {
        String value = SharedInstance.secret("Burg-Trifels-" + SharedInstance.unique());
        calls.done(
                administrator,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment("prod")
                        .addReaders("administrator")
                        .addWriters("administrator"));
        calls.done(
                administrator,
                WriteSecretRequest.newBuilder().setSecret("prod/db/password").setValue(value));
        return value;
    }

    private void makeRoom(SealerRing ring) {
        reseal(ring);
        int newest = newest(sealerKeys(ring));
        if (newest > 1) {
            calls.done(
                    shared.owner,
                    RetireSealerKeyRequest.newBuilder()
                            .setRing(ring)
                            .setRingVersion(newest - 1)
                            .setCompromised(true));
        }
    }

    /** The ledger and the proxy seal their keys anew by themselves, within a second or so. */
    private Reply reseal(SealerRing ring) {
        List<Reply> resealed = new ArrayList<>();
        assertThat(RunningInstance.await(BOUND, () -> {
                    resealed.add(
                            calls.done(shared.owner, ResealRequest.newBuilder().setRing(ring)));
                    return resealed.getLast().json().getString("left").equals("0");
                }))
                .as("%s", resealed.getLast().json())
                .isTrue();
        return resealed.getLast();
    }

    /** What a record is about. */
    private String target(Reply reply) {
        return calls.statement(reply.position()).getTarget().getId();
    }

    private static String name(SealerRing ring) {
        return ring == SealerRing.SEALER_RING_ORGANISATIONS ? "organisations" : "installation";
    }

    private static int newest(List<JsonObject> keys) {
        return keys.getLast().getInteger("ringVersion");
    }

    private void refused(Client caller, Message.Builder request, String code) {
        assertThat(calls.send(caller, request).code()).isEqualTo(code);
    }
}

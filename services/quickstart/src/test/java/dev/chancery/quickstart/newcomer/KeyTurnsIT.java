package dev.chancery.quickstart.newcomer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.vault.v1.ListOrganisationKeysRequest;
import dev.chancery.schema.vault.v1.ListSealerKeysRequest;
import dev.chancery.schema.vault.v1.ResealOrganisationsRequest;
import dev.chancery.schema.vault.v1.RetireOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RetireSealerKeyRequest;
import dev.chancery.schema.vault.v1.RewrapOrganisationRequest;
import dev.chancery.schema.vault.v1.RotateOrganisationKeyRequest;
import dev.chancery.schema.vault.v1.RotateSealerKeyRequest;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The keys above those of subjects, turned by an administrator and by the installation's owner, against the packaged process. */
@Order(28)
class KeyTurnsIT {
    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);

    private List<JsonObject> organisationKeys(Client of) {
        return calls.done(of, ListOrganisationKeysRequest.newBuilder()).json().getJsonArray("keys").stream()
                .map(JsonObject.class::cast)
                .toList();
    }

    private List<JsonObject> sealerKeys() {
        return calls.done(shared.owner, ListSealerKeysRequest.newBuilder()).json().getJsonArray("keys").stream()
                .map(JsonObject.class::cast)
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

    /** Other tests' erasures turn the ring, too. */
    @Test
    void theSealersRingTurnsForTheOwnerAloneAndACompromisedVersionIsGoneAtOnce() {
        Client administrator = calls.organisation();
        refused(administrator, RotateSealerKeyRequest.newBuilder(), "auth.forbidden");
        refused(administrator, ListSealerKeysRequest.newBuilder(), "auth.forbidden");
        makeRoom();
        int older = newest(sealerKeys());
        refused(shared.owner, RetireSealerKeyRequest.newBuilder().setRingVersion(older + 1_000), "vault.no-such-key");

        int version = calls.done(shared.owner, RotateSealerKeyRequest.newBuilder())
                .json()
                .getInteger("ringVersion");
        assertThat(version).isGreaterThan(older);
        assertThat(newest(sealerKeys())).isGreaterThanOrEqualTo(version);
        reseal();
        calls.done(
                shared.owner,
                RetireSealerKeyRequest.newBuilder().setRingVersion(version - 1).setCompromised(true));

        assertThat(sealerKeys())
                .allSatisfy(key -> assertThat(key.getInteger("ringVersion")).isGreaterThanOrEqualTo(version));
        assertThat(calls.done(administrator, ListPrincipalsRequest.newBuilder())
                        .json()
                        .getJsonArray("principals"))
                .isNotEmpty();
    }

    private void makeRoom() {
        reseal();
        int newest = newest(sealerKeys());
        if (newest > 1) {
            calls.done(
                    shared.owner,
                    RetireSealerKeyRequest.newBuilder()
                            .setRingVersion(newest - 1)
                            .setCompromised(true));
        }
    }

    private void reseal() {
        assertThat(calls.done(shared.owner, ResealOrganisationsRequest.newBuilder())
                        .json()
                        .getString("left"))
                .isEqualTo("0");
    }

    private static int newest(List<JsonObject> keys) {
        return keys.getLast().getInteger("ringVersion");
    }

    private void refused(Client caller, Message.Builder request, String code) {
        assertThat(calls.send(caller, request).code()).isEqualTo(code);
    }
}

package dev.chancery.app.processes;

import dev.chancery.app.processes.TestClient.Caller;
import dev.chancery.app.processes.TestInstallation.Member;
import dev.chancery.cli.client.ClientKey;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.Map;

/** An installation's owner and the administrator of an organisation in it, by what they sign in with. */
record Founders(String ownersId, ClientKey ownersKey, String adasId, ClientKey adasKey) {
    private static final String IDENTITY = "identity.v1.IdentityService/";

    /** Claims an installation and creates an organisation in it through one core; the owner signs in at another, or the same. */
    static Founders of(TestInstallation installation, TestClient client, Member asked, Member signsIn)
            throws IOException {
        ClientKey owner = ClientKey.generate("nobody");
        String ownersId = client.call(
                        asked.base(),
                        IDENTITY + "ClaimOwner",
                        new JsonObject()
                                .put("claim", installation.claim())
                                .put("displayName", "Olive Owner")
                                .put("publicKey", TestClient.bytes(owner.publicKey())),
                        Map.of("Idempotency-Key", "claim"))
                .done()
                .json()
                .getString("clientId");
        ClientKey ada = ClientKey.generate("nobody");
        String adasId = client.call(
                        asked.base(),
                        IDENTITY + "CreateOrganisation",
                        new JsonObject()
                                .put("name", "Example")
                                .put("administratorName", "Ada Administrator")
                                .put("administratorKey", TestClient.bytes(ada.publicKey())),
                        TestClient.headers(client.signIn(signsIn.base(), ownersId, owner)))
                .done()
                .json()
                .getString("clientId");
        return new Founders(ownersId, owner, adasId, ada);
    }

    Caller owner(TestClient client, Member core) throws IOException {
        return client.signIn(core.base(), ownersId, ownersKey);
    }

    Caller administrator(TestClient client, Member core) throws IOException {
        return client.signIn(core.base(), adasId, adasKey);
    }
}

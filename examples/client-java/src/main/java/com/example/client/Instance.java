package com.example.client;

import com.nimbusds.common.contenttype.ContentType;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.as.AuthorizationServerMetadata;
import com.nimbusds.oauth2.sdk.auth.PrivateKeyJWT;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import java.io.IOException;
import java.net.URI;
import java.util.Map;

/** An instance of Chancery: signs a program in, and answers what somebody may do. */
record Instance(AuthorizationServerMetadata metadata) {
    /** Not allowed, not signed in, or not understood. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String why) {
            super(why);
        }
    }

    static Instance at(URI url) throws GeneralException, IOException {
        return new Instance(AuthorizationServerMetadata.resolve(new Issuer(url)));
    }

    /** A token for ten minutes: a program that runs on takes a new one when that is over. */
    AccessToken signIn(ClientID client, ClientKey key) throws JOSEException, ParseException, IOException, Refused {
        URI endpoint = metadata.getTokenEndpointURI();
        var proof = new PrivateKeyJWT(
                client,
                endpoint,
                JWSAlgorithm.ES256,
                key.jwk().toECPrivateKey(),
                key.jwk().getKeyID(),
                null);
        TokenResponse response = TokenResponse.parse(new TokenRequest(endpoint, proof, new ClientCredentialsGrant())
                .toHTTPRequest()
                .send());
        if (!response.indicatesSuccess()) {
            var error = response.toErrorResponse().getErrorObject();
            throw new Refused(error.getCode() + ": " + error.getDescription());
        }
        return response.toSuccessResponse().getTokens().getAccessToken();
    }

    /**
     * Asks through AuthZEN. A deny is an answer, with its reason; a refusal means that the question wasn't answered.
     *
     * @param subject an id, an external name or an e-mail address
     * @param resource any id of yours
     * @param capability {@code type:name}, e.g. {@code invoice:approve}
     */
    Map<String, Object> check(AccessToken token, String subject, String resource, String capability)
            throws IOException, ParseException, Refused {
        String[] parts = capability.split(":", 2);
        var request =
                new HTTPRequest(HTTPRequest.Method.POST, URI.create(metadata.getIssuer() + "/access/v1/evaluation"));
        request.setAuthorization(token.toAuthorizationHeader());
        request.setEntityContentType(ContentType.APPLICATION_JSON);
        request.setBody(JSONObjectUtils.toJSONString(Map.of(
                "subject", Map.of("type", "user", "id", subject),
                "resource", Map.of("type", parts[0], "id", resource),
                "action", Map.of("name", parts[1]))));
        HTTPResponse response = request.send();
        if (!response.indicatesSuccess()) {
            throw new Refused(response.getStatusCode() + " " + response.getBody());
        }
        return response.getBodyAsJSONObject();
    }
}

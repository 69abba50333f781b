package dev.chancery.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import dev.chancery.schema.FieldProblem.Rule;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.WorkspaceCreated;
import dev.chancery.schema.log.v1.Sealed;
import java.time.Duration;
import java.util.Collections;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldRulesTest {
    private static final String ID = "0199f2aa-0000-7000-8000-000000000001";
    private final FieldRules rules = FieldRules.of(Contract.load());

    private final CreatePrincipalRequest petra = CreatePrincipalRequest.newBuilder()
            .setType(PrincipalType.USER)
            .setDisplayName("Petra Šťastná 😀")
            .setEmail("petra@example.org")
            .setPublicKey(ByteString.copyFrom(new byte[32]))
            .build();

    @Test
    void aMessageThatKeepsTheRulesHasNoProblem() {
        assertThat(rules.check(petra)).isEmpty();
        assertThat(rules.check(petra.toBuilder().clearEmail().build())).isEmpty();
    }

    @Test
    void whatIsRequiredIsNeitherEmptyNorUnspecified() {
        finds("type", Rule.REQUIRED, petra.toBuilder().clearType().build());
        finds(
                "display_name",
                Rule.REQUIRED,
                petra.toBuilder().clearDisplayName().build());
        finds("public_key", Rule.REQUIRED, petra.toBuilder().clearPublicKey().build());
        finds(
                "capabilities",
                Rule.REQUIRED,
                DefineRoleRequest.newBuilder().setRole("editor").build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "\u0000", "tab\t", "\u0085"})
    void aNameHoldsNoControlCharacter(String name) {
        finds(
                "display_name",
                Rule.PATTERN,
                petra.toBuilder().setDisplayName(name).build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"petra", "@example.org", "petra@", "a@b@c", "petra @example.org", "petra@example.org\n"})
    void anAddressHasOneAtAndNoSpace(String email) {
        finds("email", Rule.PATTERN, petra.toBuilder().setEmail(email).build());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0199F2AA-0000-7000-8000-000000000001",
                "------------------------------------",
                ID + "\n",
                ID + "0",
                "../0199f2aa"
            })
    void anIdIsALowerCaseUuidAndNothingElse(String id) {
        finds(
                "principal_id",
                Rule.PATTERN,
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(id)
                        .setRole("editor")
                        .build());
    }

    @Test
    void aNameCountsCodePointsNotChars() {
        assertThat(rules.check(
                        petra.toBuilder().setDisplayName("😀".repeat(128)).build()))
                .isEmpty();
        finds(
                "display_name",
                Rule.PATTERN,
                petra.toBuilder().setDisplayName("😀".repeat(129)).build());
        finds(
                "display_name",
                Rule.PATTERN,
                petra.toBuilder().setDisplayName("x".repeat(129)).build());
    }

    @Test
    void bytesHaveTheirExactLength() {
        finds(
                "public_key",
                Rule.LENGTH,
                petra.toBuilder()
                        .setPublicKey(ByteString.copyFrom(new byte[31]))
                        .build());
        finds(
                "public_key",
                Rule.LENGTH,
                petra.toBuilder()
                        .setPublicKey(ByteString.copyFrom(new byte[33]))
                        .build());
    }

    @Test
    void anEnumsNumberIsOneOfItsValues() {
        finds("type", Rule.UNKNOWN_VALUE, petra.toBuilder().setTypeValue(99).build());
    }

    @Test
    void aListHasAtMost200ItemsAndEachIsChecked() {
        var editor = DefineRoleRequest.newBuilder().setRole("editor");
        assertThat(rules.check(editor.clone()
                        .addAllCapabilities(Collections.nCopies(200, "role:read"))
                        .build()))
                .isEmpty();
        finds(
                "capabilities",
                Rule.TOO_MANY,
                editor.clone()
                        .addAllCapabilities(Collections.nCopies(201, "role:read"))
                        .build());
        finds(
                "capabilities[1]",
                Rule.PATTERN,
                editor.clone().addCapabilities("role:read").addCapabilities("").build());
    }

    @Test
    void nestedMessagesAreChecked() {
        var event = WorkspaceCreated.newBuilder()
                .setWorkspaceId(ID)
                .setName(Sealed.newBuilder().setNonce(ByteString.copyFromUtf8("short")));

        finds("name.nonce", Rule.LENGTH, event.build());
    }

    @Test
    void fieldsThatTheContractDoesNotHaveAreRefused() {
        finds(
                "",
                Rule.UNKNOWN_FIELD,
                petra.toBuilder()
                        .setUnknownFields(UnknownFieldSet.newBuilder()
                                .addField(
                                        99,
                                        UnknownFieldSet.Field.newBuilder()
                                                .addVarint(1)
                                                .build())
                                .build())
                        .build());
    }

    @Test
    void anotherMessageIsNotAnswered() {
        assertThatThrownBy(() -> rules.check(CheckReply.getDefaultInstance()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aProblemNeverHoldsTheValue() {
        var problem = rules.check(petra.toBuilder().setEmail("not an address").build());

        assertThat(problem.orElseThrow().toString()).doesNotContain("not an address");
    }

    @Test
    void aHugeValueIsRefusedAtOnce() {
        String assertion = "a".repeat(4_000_000) + "." + "a".repeat(4_000_000);
        Assertions.assertTimeoutPreemptively(
                Duration.ofSeconds(30),
                () -> finds(
                        "client_assertion",
                        Rule.PATTERN,
                        IssueTokenRequest.newBuilder()
                                .setClientAssertion(assertion)
                                .build()));
    }

    private void finds(String path, Rule rule, Message message) {
        assertThat(rules.check(message)).contains(new FieldProblem(path, rule));
    }
}

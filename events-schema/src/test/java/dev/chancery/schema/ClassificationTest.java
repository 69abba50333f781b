package dev.chancery.schema;

import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_BYTES;
import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_MESSAGE;
import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_STRING;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import dev.chancery.schema.options.v1.Basis;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.RetentionClass;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassificationTest {
    @Test
    void nothingInTheContractCarriesPersonalOrFreeTextInClear() {
        assertThat(Classification.problems(Contract.load().files())).isEmpty();
    }

    @Test
    void aWellDeclaredEventHasNoProblem() {
        inEvent(of(DataClass.DATA_CLASS_INTERNAL).setPattern("[a-z]{1,9}"));
        inEventBytes(of(DataClass.DATA_CLASS_PUBLIC).setLength(32));
        inEventSealed(personal());
    }

    @Test
    void textAndBytesWithoutAClassAreFound() {
        inEvent(FieldContract.newBuilder().setPattern("[a-z]{1,9}"), "has no class");
        inEventBytes(FieldContract.newBuilder().setLength(32), "has no class");
        inEventSealed(FieldContract.newBuilder(), "has no class", "is sealed and has a class that is not");
        inRequest(FieldContract.newBuilder().setPattern("[a-z]{1,9}"), "has no class");
    }

    @Test
    void aReplysTextHasAClassToo() {
        var file = Proto.file("pets").addMessageType(Proto.message("FeedReply", Proto.field("name", TYPE_STRING)));

        assertThat(Classification.problems(List.of(Proto.build(file))))
                .containsExactly("chancery.pets.v1.FeedReply.name has no class");
    }

    @Test
    void aCommandsReplyThatIsKeptAdmitsNoFreeText() {
        var clear = of(DataClass.DATA_CLASS_INTERNAL).build();
        String problem =
                "chancery.pets.v1.FeedReply.notice is kept with a command's reply and admits free text: give it a"
                        + " pattern, or a class that is not kept";

        assertThat(Classification.problems(List.of(replying(clear, "pets.pet.feed"))))
                .containsExactly(problem);
        assertThat(Classification.problems(List.of(replying(
                        of(DataClass.DATA_CLASS_INTERNAL)
                                .setPattern("[^\\p{Cc}]{1,9}")
                                .build(),
                        "pets.pet.feed"))))
                .containsExactly(problem);
        assertThat(Classification.problems(List.of(replying(clear, "")))).isEmpty();
        assertThat(Classification.problems(List.of(replying(
                        of(DataClass.DATA_CLASS_PERSONAL).setSubject("target").build(), "pets.pet.feed"))))
                .isEmpty();
    }

    private static com.google.protobuf.Descriptors.FileDescriptor replying(FieldContract notice, String auditAction) {
        var options = com.google.protobuf.DescriptorProtos.MethodOptions.newBuilder()
                .setExtension(
                        dev.chancery.schema.options.v1.Options.method,
                        dev.chancery.schema.options.v1.MethodContract.newBuilder()
                                .setAuditAction(auditAction)
                                .build());
        return Proto.build(Proto.file("pets")
                .addMessageType(DescriptorProto.newBuilder().setName("FeedRequest"))
                .addMessageType(Proto.message("FeedReply", Proto.field("notice", TYPE_STRING, notice.toBuilder())))
                .addService(ServiceDescriptorProto.newBuilder()
                        .setName("PetsService")
                        .addMethod(com.google.protobuf.DescriptorProtos.MethodDescriptorProto.newBuilder()
                                .setName("Feed")
                                .setInputType("FeedRequest")
                                .setOutputType("FeedReply")
                                .setOptions(options))));
    }

    @Test
    void whatIsConfidentialOrAboveIsSealed() {
        for (DataClass high : List.of(DataClass.DATA_CLASS_CONFIDENTIAL, DataClass.DATA_CLASS_RESTRICTED)) {
            inEvent(of(high).setPattern("[a-z]{1,9}"), "goes into the log in clear");
            inEventBytes(of(high).setLength(32), "goes into the log in clear");
        }
        inEvent(personal().setPattern("[a-z]{1,9}"), "goes into the log in clear");
    }

    @Test
    void secretsAndSensitiveDataAreNotEvenSealed() {
        inEventSealed(of(DataClass.DATA_CLASS_SECRET), "is a secret and never stored");
        inEventSealed(personal().setClass_(DataClass.DATA_CLASS_SENSITIVE_PERSONAL), "is sensitive and never stored");
    }

    @Test
    void whatIsSealedIsSaidToBe() {
        inEventSealed(of(DataClass.DATA_CLASS_PUBLIC), "is sealed and has a class that is not");
    }

    @Test
    void personalDataNamesItsSubjectAndRetention() {
        inEventSealed(personal().clearSubject(), "is personal and does not say whose");
        inEventSealed(personal().setSubject("nobody"), "is personal and does not say whose");
        inEventSealed(personal().clearRetention(), "is personal and has no retention");
        inEventSealed(personal().clearBasis(), "is personal and has no ground on which it is processed (basis)");
    }

    @Test
    void evidenceNamesItsGroundAndNothingElseDoes() {
        String problem = "is evidence without the law by which it stays (evidence_ground), or has that and is none";
        inEventSealed(personal().setRetention(RetentionClass.RETENTION_CLASS_EVIDENCE), problem);
        inEventSealed(personal().setEvidenceGround("GDPR, article 17(3)(e)"), problem);
    }

    @Test
    void whatIsHiddenIsSealedPersonalDataOtherwise() {
        inEventSealed(personal().setHideable(true));
        inEventSealed(
                of(DataClass.DATA_CLASS_CONFIDENTIAL).setHideable(true), "is hideable and is no sealed personal value");
        inEventBytes(
                of(DataClass.DATA_CLASS_PUBLIC).setLength(32).setHideable(true),
                "is hideable and is no sealed personal value");
    }

    @Test
    void clearTextIsBoundedAndNotFree() {
        inEvent(of(DataClass.DATA_CLASS_PUBLIC), "has no pattern");
        inEvent(of(DataClass.DATA_CLASS_PUBLIC).setPattern("[a-z]{1,129}"), "admits more than 128 characters");
        inEvent(of(DataClass.DATA_CLASS_PUBLIC).setPattern("\\P{Cc}{1,128}"), "admits free text");
        inEvent(of(DataClass.DATA_CLASS_PUBLIC).setPattern("[a-z]+"), "the pattern [a-z]+ is unbounded");
    }

    @Test
    void clearBytesHaveALength() {
        inEventBytes(of(DataClass.DATA_CLASS_PUBLIC), "has no length");
    }

    @Test
    void whatAnEventHoldsIsCheckedToo() {
        var inner = Proto.message("Inner", Proto.field("text", TYPE_STRING, of(DataClass.DATA_CLASS_CONFIDENTIAL)));
        var event =
                Proto.event("pets", "Fed", Proto.field("inner", TYPE_MESSAGE).setTypeName("Inner"));

        assertThat(problems(inner, event)).containsExactly("chancery.pets.v1.Inner.text goes into the log in clear");
    }

    @Test
    void aRequestsTextHasAPatternAndItsBytesALength() {
        inRequest(of(DataClass.DATA_CLASS_PUBLIC), "has no pattern");
        inRequest(Proto.field("x", TYPE_BYTES, of(DataClass.DATA_CLASS_PUBLIC)), "has no length");
    }

    @Test
    void aRequestNamesTargetsAndNeverContext() {
        var id = of(DataClass.DATA_CLASS_INTERNAL).setPattern("[a-z]{1,9}");
        inRequest(Proto.field("pet_id", TYPE_STRING, id), "is an id and not a target");
        inRequest(Proto.field("pet_id", TYPE_STRING, id.clone().setTarget(true)));
        inRequest(
                Proto.field("tenant", TYPE_STRING, id.clone().setTarget(true)),
                "names context that a request never has");
    }

    private static FieldContract.Builder of(DataClass dataClass) {
        return FieldContract.newBuilder().setClass_(dataClass);
    }

    private static FieldContract.Builder personal() {
        return of(DataClass.DATA_CLASS_PERSONAL)
                .setSubject("actor")
                .setRetention(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .setBasis(Basis.BASIS_CONTRACT);
    }

    private static void inEvent(FieldContract.Builder contract, String... problems) {
        inEvent(Proto.field("x", TYPE_STRING, contract), problems);
    }

    private static void inEventBytes(FieldContract.Builder contract, String... problems) {
        inEvent(Proto.field("x", TYPE_BYTES, contract), problems);
    }

    private static void inEventSealed(FieldContract.Builder contract, String... problems) {
        inEvent(Proto.sealed("x", contract), problems);
    }

    private static void inEvent(FieldDescriptorProto.Builder field, String... problems) {
        assertThat(problems(Proto.event("pets", "Fed", field))).containsExactly(named("Fed", field, problems));
    }

    private static void inRequest(FieldContract.Builder contract, String... problems) {
        inRequest(Proto.field("x", TYPE_STRING, contract), problems);
    }

    private static void inRequest(FieldDescriptorProto.Builder field, String... problems) {
        var file = Proto.file("pets")
                .addMessageType(Proto.message("Feed", field))
                .addService(ServiceDescriptorProto.newBuilder()
                        .setName("Pets")
                        .addMethod(Proto.method("Feed", "Feed", "Feed")));

        assertThat(Classification.problems(List.of(Proto.build(file)))).containsExactly(named("Feed", field, problems));
    }

    private static String[] named(String message, FieldDescriptorProto.Builder field, String... problems) {
        return List.of(problems).stream()
                .map(problem -> "chancery.pets.v1." + message + "." + field.getName() + " " + problem)
                .toArray(String[]::new);
    }

    private static List<String> problems(DescriptorProto.Builder... messages) {
        var file = Proto.file("pets");
        for (var message : messages) {
            file.addMessageType(message);
        }
        return Classification.problems(List.of(Proto.build(file)));
    }
}

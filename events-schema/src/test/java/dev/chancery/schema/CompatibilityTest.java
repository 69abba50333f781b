package dev.chancery.schema;

import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_BYTES;
import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_STRING;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.ExtensionRegistry;
import dev.chancery.schema.options.v1.ActionContract;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.MethodContract;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.Recorder;
import dev.chancery.schema.options.v1.Residency;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.options.v1.StandardEndpoint;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * The contract changes by addition only. {@code released/contract.binpb} is the last release's. A release puts its own in that
 * place, as its last commit:
 *
 * <pre>cp events-schema/target/classes/chancery/contract.binpb events-schema/src/test/resources/released/contract.binpb</pre>
 */
class CompatibilityTest {
    @Test
    void theContractTakesNothingAwayFromTheLastRelease() throws Exception {
        var registry = ExtensionRegistry.newInstance();
        Options.registerAllExtensions(registry);
        try (var released = CompatibilityTest.class.getResourceAsStream("/released/contract.binpb")) {
            assertThat(Breaks.between(
                            FileDescriptorSet.parseFrom(released, registry),
                            FileDescriptorSet.parseFrom(Contract.load().bytes(), registry)))
                    .isEmpty();
        }
    }

    private final FieldContract.Builder fieldContract = FieldContract.newBuilder()
            .setClass_(DataClass.DATA_CLASS_CONFIDENTIAL)
            .setSubject("target")
            .setRetention(RetentionClass.RETENTION_CLASS_ACCOUNT)
            .setResidency(Residency.RESIDENCY_TENANT_REGION)
            .setPattern("[a-z]{1,9}")
            .setLength(3)
            .setTarget(true);
    private final FieldDescriptorProto.Builder field =
            Proto.field("pet", TYPE_STRING, fieldContract).setJsonName("pet");
    private final DescriptorProto.Builder message = Proto.event("pets", "Fed", field);
    private final EnumDescriptorProto.Builder kinds = EnumDescriptorProto.newBuilder()
            .setName("Kind")
            .addValue(EnumValueDescriptorProto.newBuilder().setName("CAT").setNumber(0));
    private final MethodContract.Builder methodContract = Proto.command("pet:feed", "pets.feed", "POST /pets/v1/feed")
            .setInstanceOnly(true)
            .setStepUpSeconds(60);
    private final MethodDescriptorProto.Builder method = Proto.method("Feed", "Fed", "Fed", methodContract);
    private final FieldDescriptorProto.Builder extension =
            Proto.field("option", TYPE_STRING).setNumber(50101);

    @Test
    void thisContractDoesNotBreakItself() {
        assertThat(Breaks.between(set(file()), set(file()))).isEmpty();
    }

    @Test
    void additionsAreNoBreak() {
        var more = file();
        more.getMessageTypeBuilder(0).addField(Proto.field("more", TYPE_STRING).setNumber(2));
        more.addMessageType(Proto.message("More"));
        more.getEnumTypeBuilder(0)
                .addValue(EnumValueDescriptorProto.newBuilder().setName("DOG").setNumber(1));
        more.getServiceBuilder(0).addMethod(Proto.method("More", "More", "More"));

        assertThat(Breaks.between(set(file()), set(more))).isEmpty();
    }

    @Test
    void aMessageEnumMethodOrExtensionThatIsGoneIsFound() {
        breaks("chancery.pets.v1.Fed is gone", file().clearMessageType());
        breaks("chancery.pets.v1.Kind is gone", file().clearEnumType());
        breaks("chancery.pets.v1.Pets/Feed is gone", file().clearService());
        breaks("extension chancery.pets.v1.option is gone", file().clearExtension());
    }

    @Test
    void aFieldThatIsGoneOrRenumberedIsFound() {
        breaksMessage("field 1 is gone", fed -> fed.clearField());
        breaksMessage("field 1 is gone", fed -> {
            fed.getFieldBuilder(0).setNumber(2);
            return fed;
        });
    }

    @Test
    void aFieldThatIsRenamedOrRetypedIsFound() {
        breaksField("another name", pet -> pet.setName("animal"));
        breaksField("another JSON name", pet -> pet.setJsonName("animal"));
        breaksField("another type", pet -> pet.setType(TYPE_BYTES));
        breaksField("another type", pet -> pet.setLabel(Label.LABEL_REPEATED));
        breaksField("another oneof", pet -> pet.setOneofIndex(0));
    }

    @Test
    void aFieldsWeakerDeclarationIsFound() {
        breaksContract("lower class", pet -> pet.setClass_(DataClass.DATA_CLASS_PUBLIC));
        breaksContract("no target any more", pet -> pet.setTarget(false));
        breaksContract("became required", pet -> pet.setRequired(true));
        breaksContract("another subject", pet -> pet.setSubject("actor"));
        breaksContract("another retention", pet -> pet.clearRetention());
        breaksContract("another residency", pet -> pet.clearResidency());
        breaksContract("another pattern", pet -> pet.setPattern("\\P{Cc}{1,9}"));
        breaksContract("another length", pet -> pet.setLength(4));
    }

    @Test
    void aNewFieldThatIsRequiredIsFound() {
        breaksMessage(
                "field 2 is new and required",
                fed -> fed.addField(Proto.field(
                                "more", TYPE_STRING, FieldContract.newBuilder().setRequired(true))
                        .setNumber(2)));
    }

    @Test
    void anEventThatChangesItsFeatureIsFound() {
        breaksMessage("another feature", fed -> fed.clearOptions());
    }

    @Test
    void anEnumsValueThatIsGoneOrRenamedIsFound() {
        breaksKind("value 0 is gone", kind -> kind.clearValue());
        breaksKind("value 0 has another name", kind -> {
            kind.getValueBuilder(0).setName("DOG");
            return kind;
        });
    }

    @Test
    void aMethodsOtherMessagesAreFound() {
        breaksMethod("another request", feed -> feed.setInputType("Other"));
        breaksMethod("another reply", feed -> feed.setOutputType("Other"));
        breaksMethod("another streaming", feed -> feed.setServerStreaming(true));
    }

    @Test
    void aMethodsWeakerProtectionIsFound() {
        breaksDeclaration("became public", feed -> feed.setPublic(true));
        breaksDeclaration("not privileged any more", feed -> feed.setPrivileged(false));
        breaksDeclaration("not the instance's alone any more", feed -> feed.setInstanceOnly(false));
        breaksDeclaration("accepts an older authentication", feed -> feed.setStepUpSeconds(61));
        breaksDeclaration("accepts an older authentication", feed -> feed.setStepUpSeconds(0));
        breaksDeclaration("another capability", feed -> feed.setCapability("pet:pat"));
        breaksDeclaration("another audit action", feed -> feed.setAuditAction("pets.pat"));
        breaksDeclaration("another path", feed -> feed.setRest("POST /pets/v1/pat"));
    }

    @Test
    void aStandardEndpointThatIsGoneOrLessProtectedIsFound() {
        breaksEndpoint("GET /pets is gone", StandardEndpoint.Builder::clearRest);
        breaksEndpoint("became public", pets -> pets.clearCapability().setPublic(true));
        breaksEndpoint("another capability", pets -> pets.setCapability("pet:pat"));
    }

    @Test
    void anActionThatIsGoneOrAnothersIsFound() {
        var left = ActionContract.newBuilder().setName("pets.leave").setBy(Recorder.RECORDER_SYSTEM);
        assertThat(Breaks.between(set(withAction(left)), set(file())))
                .singleElement()
                .isEqualTo("action pets.leave is gone");
        assertThat(Breaks.between(
                        set(withAction(left)), set(withAction(left.clone().setBy(Recorder.RECORDER_CALLER)))))
                .singleElement()
                .isEqualTo("action pets.leave has another recorder");
    }

    private FileDescriptorProto.Builder withAction(ActionContract.Builder action) {
        var file = file();
        file.getOptionsBuilder().addExtension(Options.action, action.build());
        return file;
    }

    private void breaksEndpoint(String expected, UnaryOperator<StandardEndpoint.Builder> change) {
        var pets = StandardEndpoint.newBuilder().setRest("GET /pets").setCapability("pet:see");
        assertThat(Breaks.between(
                        set(withEndpoint(pets.build())),
                        set(withEndpoint(change.apply(pets.clone()).build()))))
                .anySatisfy(found -> assertThat(found).contains(expected));
    }

    private FileDescriptorProto.Builder withEndpoint(StandardEndpoint endpoint) {
        var file = file();
        file.getServiceBuilder(0).getOptionsBuilder().addExtension(Options.standard, endpoint);
        return file;
    }

    @Test
    void anExtensionsOtherNumberIsFound() {
        var other = file();
        other.getExtensionBuilder(0).setNumber(50102);
        breaks("another number", other);
    }

    private void breaksMessage(String expected, UnaryOperator<DescriptorProto.Builder> change) {
        breaks(expected, file().setMessageType(0, change.apply(message.clone())));
    }

    private void breaksField(String expected, UnaryOperator<FieldDescriptorProto.Builder> change) {
        breaksMessage(
                expected,
                fed -> fed.setField(0, change.apply(fed.getFieldBuilder(0).clone())));
    }

    private void breaksContract(String expected, UnaryOperator<FieldContract.Builder> change) {
        var changed = change.apply(fieldContract.clone()).build();
        breaksField(expected, pet -> {
            pet.getOptionsBuilder().setExtension(Options.field, changed);
            return pet;
        });
    }

    private void breaksKind(String expected, UnaryOperator<EnumDescriptorProto.Builder> change) {
        breaks(expected, file().setEnumType(0, change.apply(kinds.clone())));
    }

    private void breaksMethod(String expected, UnaryOperator<MethodDescriptorProto.Builder> change) {
        breaks(expected, file().setService(0, service(change.apply(method.clone()))));
    }

    private void breaksDeclaration(String expected, UnaryOperator<MethodContract.Builder> change) {
        breaksMethod(expected, feed -> Proto.method("Feed", "Fed", "Fed", change.apply(methodContract.clone())));
    }

    private void breaks(String expected, FileDescriptorProto.Builder after) {
        assertThat(Breaks.between(set(file()), set(after)))
                .singleElement()
                .asString()
                .contains(expected);
    }

    private FileDescriptorProto.Builder file() {
        return Proto.file("pets")
                .addMessageType(message)
                .addEnumType(kinds)
                .addService(service(method))
                .addExtension(extension);
    }

    private static ServiceDescriptorProto.Builder service(MethodDescriptorProto.Builder method) {
        return ServiceDescriptorProto.newBuilder().setName("Pets").addMethod(method);
    }

    private static FileDescriptorSet set(FileDescriptorProto.Builder file) {
        return FileDescriptorSet.newBuilder().addFile(file).build();
    }
}

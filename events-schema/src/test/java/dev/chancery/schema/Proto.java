package dev.chancery.schema;

import static com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type.TYPE_MESSAGE;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldOptions;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MessageOptions;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodOptions;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.chancery.schema.log.v1.RecordOuterClass;
import dev.chancery.schema.options.v1.FieldContract;
import dev.chancery.schema.options.v1.MethodContract;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.RateClass;

/** Small contracts, built in code, that a test then breaks. */
final class Proto {
    private Proto() {}

    static FileDescriptorProto.Builder file(String feature) {
        return FileDescriptorProto.newBuilder()
                .setName("chancery/" + feature + "/v1/test.proto")
                .setPackage("chancery." + feature + ".v1")
                .setSyntax("proto3")
                .addDependency("chancery/options/v1/options.proto")
                .addDependency("chancery/log/v1/record.proto");
    }

    static DescriptorProto.Builder message(String name, FieldDescriptorProto.Builder... fields) {
        var message = DescriptorProto.newBuilder().setName(name);
        for (int i = 0; i < fields.length; i++) {
            message.addField(fields[i].clone().setNumber(i + 1));
        }
        return message;
    }

    static DescriptorProto.Builder event(String feature, String name, FieldDescriptorProto.Builder... fields) {
        return message(name, fields).setOptions(MessageOptions.newBuilder().setExtension(Options.eventOf, feature));
    }

    static FieldDescriptorProto.Builder field(String name, FieldDescriptorProto.Type type) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setType(type)
                .setLabel(Label.LABEL_OPTIONAL)
                .setNumber(1);
    }

    static FieldDescriptorProto.Builder field(
            String name, FieldDescriptorProto.Type type, FieldContract.Builder contract) {
        return field(name, type).setOptions(FieldOptions.newBuilder().setExtension(Options.field, contract.build()));
    }

    static FieldDescriptorProto.Builder sealed(String name, FieldContract.Builder contract) {
        return field(name, TYPE_MESSAGE, contract).setTypeName(".chancery.log.v1.Sealed");
    }

    static MethodContract.Builder command(String capability, String action, String rest) {
        return MethodContract.newBuilder()
                .setCapability(capability)
                .setAuditAction(action)
                .setPrivileged(true)
                .setRate(RateClass.RATE_CLASS_COMMAND)
                .setRest(rest);
    }

    static MethodDescriptorProto.Builder method(String name, String input, String output) {
        return MethodDescriptorProto.newBuilder()
                .setName(name)
                .setInputType(input)
                .setOutputType(output);
    }

    static MethodDescriptorProto.Builder method(
            String name, String input, String output, MethodContract.Builder contract) {
        return method(name, input, output)
                .setOptions(MethodOptions.newBuilder().setExtension(Options.method, contract.build()));
    }

    static FileDescriptor build(FileDescriptorProto.Builder file) {
        try {
            return FileDescriptor.buildFrom(
                    file.build(), new FileDescriptor[] {Options.getDescriptor(), RecordOuterClass.getDescriptor()});
        } catch (DescriptorValidationException e) {
            throw new IllegalArgumentException(e);
        }
    }
}

package dev.keyhole.examples;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.keyhole.transport.stream.CloseReason;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Arrows point down, each dependency has one home, and the clock stays at the edge. */
class ArchitectureTest {

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .withImportOption(location -> !location.contains("-tests.jar"))
                    .importPackages("dev.keyhole");

    @Test
    void arrowsPointDown() {
        onlyUses("dev.keyhole.transport..");
        onlyUses("dev.keyhole.dht..", "dev.keyhole.transport..");
        onlyUses("dev.keyhole.model..");
        onlyUses(
                "dev.keyhole.provider..",
                "dev.keyhole.dht..",
                "dev.keyhole.transport..",
                "dev.keyhole.model..");
        onlyUses(
                "dev.keyhole.consumer..",
                "dev.keyhole.dht..",
                "dev.keyhole.transport..",
                "dev.keyhole.model..");
    }

    /** But for the reasons of ends, which every layer passes up. */
    @Test
    void packagesOfTheTransportHaveNoCycles() {
        slices().matching("dev.keyhole.transport.(*)..")
                .should()
                .beFreeOfCycles()
                .ignoreDependency(
                        resideInAPackage("dev.keyhole.transport.."),
                        assignableTo(CloseReason.class))
                .check(CLASSES);
    }

    @Test
    void nettyStaysInTheNettyPackage() {
        staysIn("io.netty..", "..netty..");
    }

    @Test
    void bouncyCastleStaysInTheCryptoPackage() {
        staysIn("org.bouncycastle..", "..crypto..");
    }

    @Test
    void onnxRuntimeStaysInTheOnnxPackage() {
        staysIn("ai.onnxruntime..", "..onnx..");
    }

    @Test
    void nettyIsOnlyKnownToThePublicFaces() {
        noClasses()
                .that()
                .resideOutsideOfPackages("..netty..")
                .and()
                .resideInAnyPackage("dev.keyhole.transport..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("..netty..")
                .check(CLASSES);
    }

    @Test
    void machinesHaveNoClockAndNoThread() {
        ArchRule rule =
                noClasses()
                        .that()
                        .resideInAnyPackage(
                                "dev.keyhole.transport.wire..",
                                "dev.keyhole.transport.net..",
                                "dev.keyhole.transport.crypto..",
                                "dev.keyhole.transport.noise..",
                                "dev.keyhole.transport.udx..",
                                "dev.keyhole.transport.stream..",
                                "dev.keyhole.dht.*..")
                        .should()
                        .callMethod(System.class, "nanoTime")
                        .orShould()
                        .callMethod(System.class, "currentTimeMillis")
                        .orShould()
                        .callMethod(Instant.class, "now")
                        .orShould()
                        .callMethod(Thread.class, "sleep", long.class)
                        .orShould()
                        .dependOnClassesThat()
                        .haveFullyQualifiedName("java.lang.Thread");

        rule.check(CLASSES);
    }

    private static void onlyUses(String module, String... below) {
        String[] allowed = new String[below.length + 1];
        allowed[0] = module;
        System.arraycopy(below, 0, allowed, 1, below.length);
        noClasses()
                .that()
                .resideInAPackage(module)
                .should()
                .dependOnClassesThat(
                        resideInAPackage("dev.keyhole..").and(resideOutsideOfPackages(allowed)))
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    private static void staysIn(String dependency, String home) {
        noClasses()
                .that()
                .resideOutsideOfPackage(home)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(dependency)
                .check(CLASSES);
    }
}

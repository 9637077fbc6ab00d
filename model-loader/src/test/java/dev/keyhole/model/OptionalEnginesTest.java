package dev.keyhole.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** A program that only delegates carries no native library. */
final class OptionalEnginesTest {

    /** Runs where there is neither ONNX Runtime nor a tokenizer. */
    public static final class WithoutEngines implements Callable<String> {

        @Override
        public String call() {
            try {
                Class.forName("ai.onnxruntime.OrtEnvironment");
                return "ONNX Runtime is there";
            } catch (ClassNotFoundException e) {
                return failureOfALoad();
            }
        }

        private static String failureOfALoad() {
            try {
                ModelLoader.load(ModelSource.embedded("tiny-chat")).block();
                return "loaded";
            } catch (ModelLoadException e) {
                return String.valueOf(e.getMessage());
            }
        }
    }

    @Test
    void withoutEnginesALoadSaysWhatIsMissing() throws Exception {
        List<URL> urls = new ArrayList<>();
        String ours = System.getProperty("java.class.path");
        String classPath = System.getProperty("surefire.test.class.path", ours);
        for (String entry : classPath.split(File.pathSeparator)) {
            if (!entry.contains("onnxruntime") && !entry.contains("djl")) {
                urls.add(new File(entry).toURI().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(
                        urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Callable<?> program =
                    (Callable<?>)
                            loader.loadClass(WithoutEngines.class.getName())
                                    .getDeclaredConstructor()
                                    .newInstance();

            assertThat(String.valueOf(program.call()))
                    .contains("com.microsoft.onnxruntime:onnxruntime")
                    .contains("ai.djl.huggingface:tokenizers");
        }
    }
}

package example.forms;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.tools.Diagnostic;

/** Writes a reader for each class marked {@link Form}. */
@SupportedAnnotationTypes("example.forms.Form")
public final class FormProcessor extends AbstractProcessor {
    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latestSupported();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        for (TypeElement form : ElementFilter.typesIn(round.getElementsAnnotatedWith(Form.class))) {
            try {
                writeReader(form);
            } catch (IOException problem) {
                processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, problem.toString(), form);
            }
        }
        return true;
    }

    private void writeReader(TypeElement form) throws IOException {
        String name = form.getSimpleName().toString();
        String home = processingEnv.getElementUtils().getPackageOf(form).getQualifiedName().toString();
        List<String> cases = new ArrayList<>();
        for (Element field : ElementFilter.fieldsIn(form.getEnclosedElements())) {
            String value = field.asType().toString().equals("int") ? "Integer.parseInt(value)" : "value";
            cases.add("                case \"" + field + "\": form." + field + " = " + value + "; break;\n");
        }
        try (Writer out = processingEnv.getFiler().createSourceFile(home + "." + name + "Reader", form).openWriter()) {
            out.write("package " + home + ";\n\n"
                + "final class " + name + "Reader {\n"
                + "    static " + name + " read(java.util.List<String> lines) {\n"
                + "        " + name + " form = new " + name + "();\n"
                + "        for (String line : lines) {\n"
                + "            int cut = line.indexOf('=');\n"
                + "            if (cut < 0) throw new IllegalArgumentException(\"not key=value: \" + line);\n"
                + "            String value = line.substring(cut + 1).trim();\n"
                + "            switch (line.substring(0, cut).trim()) {\n"
                + String.join("", cases)
                + "                default: throw new IllegalArgumentException(\"unknown: \" + line);\n"
                + "            }\n        }\n        return form;\n    }\n}\n");
        }
    }
}

package example.forms;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A class whose fields are a form: the compiler makes {@code NAMEReader}, which reads one from {@code key=value} lines. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.SOURCE)
public @interface Form {
}

package org.vgg4j.backend.onednn;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIf;

/** A test of the CPU engine in bf16; skipped where oneDNN does not even emulate that. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@EnabledIf(
    value = "org.vgg4j.backend.onednn.Bf16UnderTest#isThere",
    disabledReason = "oneDNN has no bf16 on this processor")
public @interface OnCpuBf16 {}

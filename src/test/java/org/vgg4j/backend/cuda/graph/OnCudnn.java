package org.vgg4j.backend.cuda.graph;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that asks the real cuDNN, without a GPU; skipped, with the reason, where its libraries are
 * not.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("cudnn")
@ExtendWith(CudnnCondition.class)
@interface OnCudnn {}

/**
 * The profile of a training's steps: by part, layer and operation, beside what the engine can do.
 */
package org.vgg4j.profile;

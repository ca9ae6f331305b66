// `submit` is taken from the prototype because a response field of that name would hide it on the form.
HTMLFormElement.prototype.submit.call(document.getElementById("form-post"));

"""One file per thing a person does; joins the capabilities with the store."""

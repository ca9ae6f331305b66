mod code_flow;

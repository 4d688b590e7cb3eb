# All errors that the module reports on purpose, by id and category: scripts act on these, so none of them changes unnoticed.
# That each is reported where it should be is shown by the tests of the commands.
BeforeDiscovery {
    $known = @(
        foreach ($defect in 'HeaderTooSmall', 'InvalidHeaderLength', 'HeaderPastEnd', 'InvalidHeaderEncoding', 'InvalidHeader', 'DuplicateTensor', 'InvalidMetadata',
            'UnknownType', 'SizeOverflow', 'InvalidOffset', 'SizeMismatch', 'IncompleteData', 'FileShrank', 'Truncated', 'Empty', 'Zeros',
            'HtmlPage', 'JsonText', 'PlainText', 'LfsPointer', 'Pickle', 'Archive', 'Gguf', 'Picture') {
            @{ id = "Safetensors$defect"; category = 'InvalidData'; type = 'Files.SafetensorsException'; arguments = 'a.safetensors', $defect, 'detail', $null }
        }
        foreach ($defect in 'AlphaInvalid', 'NotFinite', 'OutOfRange', 'NotDecomposed', 'ShapeMismatch', 'Overflow', 'Stale', 'Missing') {
            @{ id = "Layer$defect"; category = 'InvalidData'; type = 'Adapters.AdapterException'; arguments = 'a.safetensors', 'layer', $defect, 'detail' }
        }
        @{ id = 'FileUnsupported'; category = 'InvalidData'; type = 'Adapters.UnsupportedFileException'; arguments = 'a.ckpt', 'message' }
        @{ id = 'FileNotLocal'; category = 'ResourceUnavailable'; type = 'Files.NotLocalException'; arguments = , 'a.safetensors' }
        @{ id = 'RecipeInvalid'; category = 'InvalidArgument'; type = 'Recipes.RecipeException'; arguments = 'thr=1', 'detail' }
        @{ id = 'CheckpointMissing'; category = 'ObjectNotFound'; type = 'Checkpoints.CheckpointException'; arguments = 'b.safetensors', 'Missing', 'message' }
        foreach ($defect in 'IsFolder', 'Unrecognised', 'NotFinite', 'NotGiven', 'Mismatch') {
            @{ id = "Checkpoint$defect"; category = 'InvalidArgument'; type = 'Checkpoints.CheckpointException'; arguments = 'b.safetensors', $defect, 'message' }
        }
        foreach ($defect in 'NotExpressible', 'Several', 'Nothing', 'Stale') {
            @{ id = "Conversion$defect"; category = 'InvalidData'; type = 'Conversion.ConversionException'; arguments = 'a.safetensors', $defect, 'detail' }
        }
        @{ id = 'OutputExists'; category = 'ResourceExists'; type = 'Files.OutputException'; arguments = 'o.safetensors', 'Exists', 'detail', $null }
        foreach ($reason in 'IsInput', 'Taken', 'SizeTooSmall', 'NothingResized', 'NothingKept', 'FolderMissing', 'PathTooLong', 'Denied', 'InUse', 'ReadOnly', 'NameReserved', 'DiskFull', 'Unverified', 'Failed') {
            @{ id = "Output$reason"; category = 'WriteError'; type = 'Files.OutputException'; arguments = 'o.safetensors', $reason, 'detail', $null }
        }
        foreach ($defect in 'Unknown', 'CudaAbsent', 'LibraryUnusable', 'Memory', 'Failed') {
            @{ id = "Device$defect"; category = 'ResourceUnavailable'; type = 'Compute.DeviceException'; arguments = $defect, 'message', $null }
        }
        foreach ($defect in 'Missing', 'FolderEmpty', 'VisualCppMissing', 'PlatformUnknown', 'HashUnknown', 'HashMismatch', 'PackageMissing', 'SourceUnreachable',
            'Interrupted', 'PackageDamaged', 'Busy', 'InUse', 'NoSpace', 'Unwritable') {
            @{ id = "Runtime$defect"; category = 'ResourceUnavailable'; type = 'Compute.TorchRuntimeException'; arguments = $defect, 'message', $null, $null }
        }
    )
}

BeforeAll {
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $module = [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq 'ResizeLora.PowerShell' } |
        Select-Object -First 1
    $context = [System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext($module)
    $engine = $context.LoadFromAssemblyName([System.Reflection.AssemblyName]::new('ResizeLora.Engine'))
    $create = $module.GetType('ResizeLora.PowerShell.Hosting.EngineError').GetMethod('Create')
}

Describe 'The error <id>' -ForEach $known {
    It 'is of the category <category> and carries its target' {
        $constructor = $engine.GetType("ResizeLora.$type").GetConstructors()[0]
        $given = for ($i = 0; $i -lt $arguments.Count; $i++) {
            $parameter = $constructor.GetParameters()[$i].ParameterType
            , $(if ($parameter.IsEnum) { [enum]::Parse($parameter, $arguments[$i]) } else { $arguments[$i] })
        }
        $exception = $constructor.Invoke([object[]] $given)
        $record = $create.Invoke($null, [object[]] ($exception, 'target'))
        $record.FullyQualifiedErrorId | Should -Be $id
        $record.CategoryInfo.Category | Should -Be $category
        $record.TargetObject | Should -Be 'target'
    }
}

Describe 'The defects of a safetensors file' {
    It 'are all listed here' {
        [enum]::GetNames($engine.GetType('ResizeLora.Files.SafetensorsDefect')) | Should -HaveCount 24
    }
}

Describe 'An error of the system' {
    It 'is <id>, <category>' -ForEach @(
        @{ id = 'FileMissing'; category = 'ObjectNotFound'; exception = [System.IO.FileNotFoundException]::new() }
        @{ id = 'FileMissing'; category = 'ObjectNotFound'; exception = [System.IO.DirectoryNotFoundException]::new() }
        @{ id = 'FileDenied'; category = 'PermissionDenied'; exception = [System.UnauthorizedAccessException]::new() }
        @{ id = 'FileUnreadable'; category = 'ReadError'; exception = [System.IO.IOException]::new() }
        @{ id = 'Unexpected'; category = 'NotSpecified'; exception = [System.InvalidOperationException]::new() }
    ) {
        $record = $create.Invoke($null, [object[]] ($exception, 'target'))
        $record.FullyQualifiedErrorId, "$($record.CategoryInfo.Category)" | Should -Be @($id, $category)
    }
}
